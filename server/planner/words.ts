/**
 * Every sentence that a plan may say, by its code, with the names of its figures. The English text beside each is for logs and for programs;
 * screens make the sentence from code and figures in their reader's language. Codes are stored with decisions, so none is ever renamed.
 * Values named `host`, `instance`, `pool` and the like are ids; a figure's unit is the last part of its name.
 */
export const PLANNER_WORDS = {
  "host-down": ["host"],
  "host-asleep": ["host"],
  "host-waking": ["host"],
  maintenance: ["host"],
  cordoned: ["host"],
  "capacity-cores": ["instance", "vcpus", "host", "cores"],
  "capacity-memory": ["instance", "neededMiB", "host", "hostMiB"],
  "cpu-model": ["instance", "model", "host"],
  "no-pool": ["instance", "pool", "host"],
  "no-network": ["instance", "network", "host"],
  "host-rule-only": ["instance", "rule", "hosts"],
  "host-rule-never": ["instance", "rule", "host"],
  "storage-floor": ["pool", "floorMiB", "missingMiB"],
  "storage-sold": ["instance", "neededMiB", "pool", "leftMiB", "missingMiB"],
  "no-domain": ["group", "scope", "host"],
  "apart-on-host": ["instance", "peer", "group", "host"],
  "apart-in-domain": ["instance", "peer", "group", "scope", "host"],
  together: ["instance", "group", "host"],
  "reserved-cpu": ["instance", "needed", "host", "left", "missing"],
  "reserved-memory": ["instance", "neededMiB", "host", "leftMiB", "missingMiB"],
  "sold-memory": ["instance", "neededMiB", "host", "leftMiB", "missingMiB", "ratio"],
  "sold-cpu": ["instance", "needed", "host", "left", "missing", "ratio"],
  "failover-reserve": ["instance", "host", "lost", "victim", "vcpus", "victimMiB"],
  "failover-reserve-sleeper": ["instance", "host", "lost", "sleeper", "victim", "vcpus", "victimMiB"],
  "lower-score": ["instance", "host", "score", "best", "bestScore"],
  "change-wake": ["host", "wakeSeconds"],
  "change-wait-awake": ["host"],
  "change-return": ["host"],
  "change-uncordon": ["host"],
  "change-add-host": ["cores", "hostMiB"],
  "change-add-model": ["model"],
  "change-connect-pool": ["host", "pool"],
  "change-connect-network": ["host", "network"],
  "change-relax-rule": ["instance", "rule"],
  "change-free-storage": ["missingMiB", "pool"],
  "change-give-domain": ["host", "scope"],
  "change-move-peer": ["peer", "host"],
  "change-move-peer-domain": ["peer", "scope", "host"],
  "change-soften-group": ["group"],
  "change-free-cpu": ["missing", "host"],
  "change-free-memory": ["missingMiB", "host"],
  "change-raise-ratio": ["from", "to"],
  "change-lower-reserve": ["from", "to"],
  "no-place": ["instance", "vcpus", "memoryMiB", "hosts"],
  "batch-waits": ["instance", "batch"],
  "best-score": ["host", "instance", "leftMiB", "vcpus"],
  "being-emptied": ["host"],
  "closer-to-mean": ["from", "to"],
  "emptied-to-sleep": ["host"],
  "sleep-certified": ["host"],
  "moves-live": ["instance", "host", "seconds"],
  "place-moves": ["instance", "host"],
  "stops-to-move": ["instance"],
  "starts-again": ["instance", "host"],
  "host-lost": ["host"],
  "restarts-on": ["instance", "host"],
  "place-on": ["instance", "host"],
  "evacuates": ["leaving", "total", "hosts", "waves", "seconds"],
  "cannot-leave": ["instances"],
  contention: ["instance", "host", "riskPercent", "allowedPercent"],
  "change-raise-risk": ["fromPercent", "toPercent"],
  "moves-post-copy": ["instance", "host", "seconds"],
  "dirties-too-fast": ["instance", "dirtyMiBPerSecond", "linkMiBPerSecond"],
  "not-worth-cost": ["instance", "host", "costCoreSeconds", "benefitCoreSeconds"],
  "wakes-for-forecast": ["host", "inSeconds", "neededCores", "awakeCores"],
  "wakes-for-memory": ["host", "inSeconds", "neededMiB", "awakeMiB"],
  "wakes-for-certificate": ["host", "lost"],
  "wakes-for-restarts": ["host", "instances"],
  "wakes-to-hold-reserve": ["host", "hosts"],
  "follows-refused": ["instance", "dependency"],
  "follows-rule": ["instance", "rule"],
  "refuses-moves": ["instance"],
  "rests-after-move": ["instance", "restSeconds"],
  "cannot-move-live": ["instance"],
  "keeps-awake": ["instance"],
  "awake-young": ["host", "awakeSeconds", "leastSeconds"],
  "awake-cycle": ["host", "agoSeconds", "cycleSeconds"],
  "awake-for-cores": ["host", "neededCores", "inSeconds", "awakeCores"],
  "awake-for-memory": ["host", "neededMiB", "inSeconds", "awakeMiB"],
  "awake-for-vcpus": ["host", "neededVcpus", "inSeconds", "awakeVcpus"],
  "awake-not-worth": ["host", "sleepSeconds", "savedKilojoules", "spentKilojoules"],
  "awake-for-loss": ["host", "lost"],
  "update-breaks-reserve": ["hosts", "lost", "victim"],
} as const;

export type PlannerCode = keyof typeof PLANNER_WORDS;
/** A list is a list of names. */
export type PlannerValue = string | number | readonly string[];

/** A sentence as data. */
export type PlannerWords = { [C in PlannerCode]: { readonly code: C; readonly params: Readonly<Record<(typeof PLANNER_WORDS)[C][number], PlannerValue>> } }[PlannerCode];

/** A sentence with all of its figures; the compiler knows which ones it needs. */
export function say<C extends PlannerCode>(code: C, params: Readonly<Record<(typeof PLANNER_WORDS)[C][number], PlannerValue>>): Extract<PlannerWords, { code: C }>;
export function say(code: PlannerCode, params: Readonly<Record<string, PlannerValue>>): { readonly code: PlannerCode; readonly params: Readonly<Record<string, PlannerValue>> } {
  return { code, params };
}
