"use client";

import { useTranslations } from "next-intl";
import { useCallback } from "react";

/** Codes of declined charges that a person can do something about (docs.stripe.com/declines/codes). */
const CODES = ["card_declined", "generic_decline", "insufficient_funds", "expired_card", "incorrect_cvc", "processing_error", "authentication_required", "lost_card", "stolen_card"] as const;

/** Why a charge was declined, in the reader's language; another code is said in Stripe's own words. */
export function useDeclineText(): (payment: { readonly failureCode: string | null; readonly failureText: string | null }) => string | null {
  const t = useTranslations("money.payment.declines");
  return useCallback(
    ({ failureCode, failureText }) => {
      const known = CODES.find((code) => code === failureCode);
      return known ? t(known) : failureText;
    },
    [t],
  );
}
