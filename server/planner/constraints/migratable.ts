import type { Instance } from "../types";
import type { NotMovable } from "./movable";
import { say } from "../words";

/** Some guests cannot be moved while they run (a passed-through device, for example). */
export function cannotMigrate(instance: Instance): NotMovable | null {
  if (instance.canMigrate || instance.wanted === "off") return null;
  return { rule: "not-migratable", text: `${instance.id} cannot migrate live`, words: say("cannot-move-live", { instance: instance.id }) };
}
