/** What a mutation says of itself. `before` and `after` are the fields that matter to a reader, not whole rows. */
export interface AuditRecord {
  /** Past tense with its noun first: `instance.created`, `member.role-changed`. */
  readonly action: string;
  /** The noun of the target: `instance`, `member`, `host`. */
  readonly targetKind: string;
  readonly targetId: string;
  /** Null for something that did not exist before. */
  readonly before?: Readonly<Record<string, unknown>> | null;
  /** Null for something that is no more. */
  readonly after?: Readonly<Record<string, unknown>> | null;
  /**
   * Whose chain the entry belongs to; the context's organization when left out. An operator who changes something of
   * one organization names it here, so that the tenant reads it in its own trail.
   */
  readonly organizationId?: string | null;
}

/** The chain of everything that belongs to no organization. */
export const PROVIDER_CHAIN = "provider";

export type AuditActorKind = "user" | "operator" | "system";

/** What an entry says, without its place in the chain. */
export interface AuditContent {
  readonly chain: string;
  readonly organizationId: string | null;
  readonly at: Date;
  readonly actorKind: AuditActorKind;
  readonly actorId: string;
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string;
}

export interface AuditEntry extends AuditContent {
  readonly id: number;
  readonly sequence: number;
  readonly previousHash: string;
  readonly hash: string;
}

/** An entry as a screen shows it. */
export interface AuditEntryView {
  readonly id: number;
  readonly chain: string;
  readonly sequence: number;
  readonly at: Date;
  readonly actorKind: AuditActorKind;
  readonly actorId: string;
  /** Null where the person is not one of this organization (our staff, a loop). */
  readonly actorName: string | null;
  readonly action: string;
  readonly targetKind: string;
  readonly targetId: string;
  readonly before: unknown;
  readonly after: unknown;
  readonly requestId: string;
  readonly hash: string;
}

export interface AuditHead {
  readonly chain: string;
  readonly sequence: number;
  readonly hash: string;
}

/** The first link of a chain that does not hold, and why. */
export interface BrokenLink {
  readonly chain: string;
  readonly sequence: number;
  readonly reason: "changed" | "missing" | "unlinked" | "head-differs";
  readonly message: string;
}

export interface ChainReport {
  readonly chain: string;
  readonly entries: number;
  /** Keep it somewhere else: whoever can rewrite the whole database can rewrite a whole chain too. */
  readonly headHash: string;
  readonly broken: BrokenLink | null;
}

export interface AuditVerification {
  readonly ok: boolean;
  readonly chains: readonly ChainReport[];
  readonly firstBroken: BrokenLink | null;
}
