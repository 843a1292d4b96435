import type { Context } from "@/server/platform/context";
import { writeOutbox } from "@/server/platform/outbox";
import type { Transaction } from "@/server/platform/transaction";
import type { Invitation, InvitationLetter } from "./types";

/** Leaves the invitation in the outbox, as plain text in the language of whoever invites: that is all we know of the invited. */
export async function writeInvitationMail(tx: Transaction, context: Context, invitation: Invitation, organizationName: string, token: string, letter: InvitationLetter): Promise<void> {
  const { subject, text } = invitationMail({ ...letter, organizationName, role: invitation.role, expiresAt: invitation.expiresAt, url: `${letter.portalUrl}/invitations/${token}` });
  await writeOutbox(tx, context, { topic: "mail", payload: { to: invitation.email, subject, text } });
}

interface Facts {
  readonly locale: InvitationLetter["locale"];
  readonly inviterName: string;
  readonly organizationName: string;
  readonly role: Invitation["role"];
  readonly expiresAt: Date;
  readonly url: string;
}

const ROLES = {
  en: { owner: "owner", admin: "admin", operator: "operator", billing: "billing", viewer: "viewer" },
  ja: { owner: "オーナー", admin: "管理者", operator: "オペレーター", billing: "請求担当", viewer: "閲覧者" },
} as const;

/** Subject and text of an invitation. Names come from people, so line breaks in them are taken out. */
export function invitationMail(facts: Facts): { readonly subject: string; readonly text: string } {
  const organization = oneLine(facts.organizationName);
  const inviter = oneLine(facts.inviterName);
  const until = new Intl.DateTimeFormat(facts.locale === "ja" ? "ja-JP" : "en-GB", { dateStyle: "long", timeZone: "UTC" }).format(facts.expiresAt);
  const role = ROLES[facts.locale][facts.role];
  if (facts.locale === "ja") {
    return {
      subject: `${organization} への招待`,
      text: [
        `${inviter} さんから、Berth の組織「${organization}」に招待されました（権限：${role}）。`,
        "",
        "次のリンクを開いて参加してください：",
        facts.url,
        "",
        `リンクは一度だけ使えます。有効期限は ${until}（UTC）です。`,
        "心当たりがない場合は、このメールを破棄してください。何も起こりません。",
      ].join("\n"),
    };
  }
  return {
    subject: `Invitation to ${organization}`,
    text: [
      `${inviter} invites you to the organization ${organization} on Berth, with the role ${role}.`,
      "",
      "Open this link to join:",
      facts.url,
      "",
      `It works once, until ${until} (UTC).`,
      "If you did not expect this, ignore this message: nothing happens.",
    ].join("\n"),
  };
}

const oneLine = (text: string): string => text.replaceAll(/\s+/g, " ").trim();
