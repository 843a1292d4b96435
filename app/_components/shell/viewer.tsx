"use client";

import { createContext, useContext, type ReactNode } from "react";
import type { Membership, SessionUser } from "@/server/tenancy/session/types";
import type { MemberRole, OperatorRole } from "@/server/tenancy/types";
import { memberMay, staffMay } from "@/app/_components/rights";

/** Who looks at the page, read once by the layout on the server. */
export interface Viewer {
  readonly user: SessionUser;
  readonly memberships: readonly Membership[];
  /** The organization of the page; null on the operator's and the person's own pages. */
  readonly membership: Membership | null;
}

const ViewerContext = createContext<Viewer | null>(null);

export function ViewerProvider({ value, children }: { readonly value: Viewer; readonly children: ReactNode }) {
  return <ViewerContext value={value}>{children}</ViewerContext>;
}

export function useViewer(): Viewer {
  const viewer = useContext(ViewerContext);
  if (!viewer) throw new Error("useViewer was called outside a signed-in layout. Put the component below ViewerProvider.");
  return viewer;
}

/** The organization of the page: its slug goes into every query, and `may` says which buttons to show. */
export function useOrganization(): Membership & { readonly may: (right: MemberRole) => boolean } {
  const { membership } = useViewer();
  if (!membership) throw new Error("useOrganization was called outside /o/[org].");
  return { ...membership, may: (right) => memberMay(membership.role, right) };
}

export function useStaff(): { readonly may: (right: OperatorRole) => boolean } {
  const { user } = useViewer();
  return { may: (right) => staffMay(user.operatorRole, right) };
}
