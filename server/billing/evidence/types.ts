export const EVIDENCE_FORMAT = "berth-evidence";
export const EVIDENCE_VERSION = 1;

export type EvidenceVerdict =
  | { readonly ok: false; readonly reason: string }
  | {
      readonly ok: true;
      readonly invoiceId: string;
      readonly organizationId: string;
      readonly periodStart: Date;
      readonly periodEnd: Date;
      readonly currency: string;
      readonly totalMinor: bigint;
      readonly lines: number;
      readonly windows: number;
      readonly keyFingerprint: string;
    };
