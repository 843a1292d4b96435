import type { Database } from "@/db/client";
import type { Clock } from "./clock";
import type { Logger } from "./logger";
import type { Random } from "./random";

/** Who acts. `system` is a loop of ours; its id is the loop's name. */
export interface Actor {
  readonly kind: "user" | "operator" | "system";
  readonly id: string;
}

/** What row-level security lets the transaction see; see db/security.ts. */
export type Scope = "tenant" | "provider" | "identity" | "worker";

/** Everything a verb needs from outside. Made by the front door, a loop, or a test. */
export interface Context {
  readonly db: Database;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly requestId: string;
  readonly actor: Actor;
  readonly scope: Scope;
  /** Set when scope is `tenant`; the organization that the actor works in. */
  readonly organizationId: string | null;
}
