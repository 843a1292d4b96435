import { sql } from "drizzle-orm";
import { boolean, check, doublePrecision, index, jsonb, pgTable, primaryKey, text, uniqueIndex } from "drizzle-orm/pg-core";
import { bigCount, count, createdAt, id, moment, oneOf, organizationId, type Words } from "../columns";
import { instance } from "./compute";
import { cluster, host } from "./fleet";

export const AUTOMATION_MODES = ["off", "advise", "automatic"] as const;

/** A stretch of each day in the cluster's own zone; `to` before `from` passes midnight. Days: 0 is Sunday; absent means every day. */
export interface DailyWindow {
  readonly from: string;
  readonly to: string;
  readonly days?: readonly number[];
}

/** What a cluster may do by itself. A cluster without a row does nothing by itself. */
export const clusterAutomation = pgTable(
  "cluster_automation",
  {
    clusterId: text("cluster_id").primaryKey().references(() => cluster.id),
    /** IANA name; all windows below are meant in it. */
    timeZone: text("time_zone").notNull().default("UTC"),
    rebalance: text("rebalance", { enum: AUTOMATION_MODES }).notNull().default("off"),
    /** 1 (only what hurts) to 5 (evens out every difference that pays). */
    aggressiveness: count("aggressiveness").notNull().default(3),
    /** No move that can wait is begun in them. */
    quietHours: jsonb("quiet_hours").$type<DailyWindow[]>().notNull().default([]),
    movesPerHour: count("moves_per_hour").notNull().default(12),
    movesPerHostPerHour: count("moves_per_host_per_hour").notNull().default(4),
    /** A guest that writes memory faster than the link copies it: left where it is, or switched over first and copied afterwards. */
    fastWriters: text("fast_writers", { enum: ["leave", "post-copy"] }).notNull().default("leave"),
    /** Relative error of predicted effects; moves must promise more than it. Widened by the loop itself. */
    predictionMargin: doublePrecision("prediction_margin").notNull().default(0.1),
    consolidate: text("consolidate", { enum: AUTOMATION_MODES }).notNull().default("off"),
    /** When hosts may be put to sleep; none means at any time. */
    consolidateWindows: jsonb("consolidate_windows").$type<DailyWindow[]>().notNull().default([]),
    minAwakeHosts: count("min_awake_hosts").notNull().default(2),
    minAwakeSeconds: count("min_awake_seconds").notNull().default(3_600),
    minAsleepSeconds: count("min_asleep_seconds").notNull().default(1_800),
    /** Sleep and wake wear out disks and fans: at most so many times in so many hours and host. */
    maxCycles: count("max_cycles").notNull().default(1),
    cycleHours: count("cycle_hours").notNull().default(8),
    /** Every sleeping host is woken so often to prove that it can be; 0 is never. */
    wakeTestDays: count("wake_test_days").notNull().default(7),
    wakeTestWindows: jsonb("wake_test_windows").$type<DailyWindow[]>().notNull().default([]),
    /** From the power button to an answering hypervisor; a wake that takes longer has failed. */
    wakeTimeoutSeconds: count("wake_timeout_seconds").notNull().default(600),
    /** For money and carbon; the cluster's own contract. */
    electricityCurrency: text("electricity_currency").notNull().default("EUR"),
    electricityMicrosPerKwh: bigCount("electricity_micros_per_kwh").notNull().default(250_000),
    carbonGramsPerKwh: doublePrecision("carbon_grams_per_kwh").notNull().default(400),
    /** A guest whose agent spoke and fell silent for so long is taken for hung; 0 never looks. */
    hungAfterSeconds: count("hung_after_seconds").notNull().default(0),
    /** Restarts of one hung guest an hour; then it is left alone and its owner told. */
    hungRestartsPerHour: count("hung_restarts_per_hour").notNull().default(3),
    /** A marked host is crashed on purpose so often, to measure what follows; 0 is never. */
    drillDays: count("drill_days").notNull().default(0),
    drillWindows: jsonb("drill_windows").$type<DailyWindow[]>().notNull().default([]),
    updatedAt: moment("updated_at").notNull(),
    updatedBy: text("updated_by").notNull(),
  },
  (t) => [
    check("cluster_automation_rebalance", oneOf(t.rebalance, AUTOMATION_MODES)),
    check("cluster_automation_consolidate", oneOf(t.consolidate, AUTOMATION_MODES)),
    check("cluster_automation_aggressiveness", sql`${t.aggressiveness} between 1 and 5`),
    check("cluster_automation_margin", sql`${t.predictionMargin} between 0 and 10`),
  ],
);

/** Why the sleepers of a cluster may sleep: restart places for every single loss while any one sleeper fails to wake. */
export const sleepCertificate = pgTable(
  "sleep_certificate",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    asleepHostIds: jsonb("asleep_host_ids").$type<string[]>().notNull(),
    /** The whole proof, as the planner's `SleepCertificate`; anyone can check it against the fleet of that generation. */
    proof: jsonb("restarts").$type<Record<string, unknown>>().notNull(),
    madeAt: moment("made_at").notNull(),
    madeForGeneration: bigCount("made_for_generation").notNull(),
    /** The newest change of the cluster that it was checked against. */
    checkedAt: moment("checked_at").notNull(),
    checkedForGeneration: bigCount("checked_for_generation").notNull(),
    /** valid: stands; replaced: a newer one stands; void: it would have become false, and hosts were woken. */
    state: text("state", { enum: ["valid", "replaced", "void"] }).notNull(),
    endedAt: moment("ended_at"),
    endReason: text("end_reason"),
    /** The same as codes with figures; null in rows of before. So are all columns that end in _words. */
    endWords: jsonb("end_words").$type<Words[]>(),
  },
  (t) => [index("sleep_certificate_cluster").on(t.clusterId, t.madeAt), uniqueIndex("sleep_certificate_valid").on(t.clusterId).where(sql`state = 'valid'`)],
);

/** Every step of a host's power, for its timeline and for the limit of cycles. */
export const hostPowerEvent = pgTable(
  "host_power_event",
  {
    id: id(),
    hostId: text("host_id").notNull().references(() => host.id),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    at: moment("at").notNull(),
    from: text("from_state").notNull(),
    to: text("to_state").notNull(),
    /** sleep, wake, wake-test, wake-failed, returned. */
    kind: text("kind").notNull(),
    reason: text("reason").notNull(),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    seconds: doublePrecision("seconds"),
    certificateId: text("certificate_id"),
    decisionId: text("decision_id"),
  },
  (t) => [index("host_power_event_host").on(t.hostId, t.at), index("host_power_event_cluster").on(t.clusterId, t.at)],
);

/** Watts of one host in one minute, and whether they were measured. */
export const powerReading = pgTable(
  "power_reading",
  {
    hostId: text("host_id").notNull().references(() => host.id),
    minute: moment("minute").notNull(),
    clusterId: text("cluster_id").notNull(),
    watts: doublePrecision("watts").notNull(),
    /** measured: by the controller; model: from the host's curve; assumed: from the curve of a typical server. */
    source: text("source", { enum: ["measured", "model", "assumed"] }).notNull(),
    /** Part of the cores that were busy; null while it slept. */
    cpuFraction: doublePrecision("cpu_fraction"),
    asleep: boolean("asleep").notNull().default(false),
  },
  (t) => [primaryKey({ columns: [t.hostId, t.minute] }), index("power_reading_cluster").on(t.clusterId, t.minute)],
);

/** What sleeping saved in one stretch of time, with everything that is needed to compute it again. */
export const energyReport = pgTable(
  "energy_report",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    from: moment("from_at").notNull(),
    to: moment("to_at").notNull(),
    usedKwh: doublePrecision("used_kwh").notNull(),
    /** The same hours replayed with every host awake. */
    withoutSleepKwh: doublePrecision("without_sleep_kwh").notNull(),
    movesKwh: doublePrecision("moves_kwh").notNull(),
    /** Without sleep minus used minus moves. */
    savedKwh: doublePrecision("saved_kwh").notNull(),
    savedMicros: bigCount("saved_micros").notNull(),
    currency: text("currency").notNull(),
    savedCarbonGrams: doublePrecision("saved_carbon_grams").notNull(),
    inputs: jsonb("inputs").$type<Record<string, unknown>>().notNull(),
    createdAt: createdAt(),
  },
  (t) => [uniqueIndex("energy_report_period").on(t.clusterId, t.from)],
);

/** A plan that waits for an operator's word. */
export const advice = pgTable(
  "advice",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    kind: text("kind", { enum: ["rebalance", "consolidate", "evacuate"] }).notNull(),
    hostId: text("host_id").references(() => host.id),
    /** One sentence for an operator. */
    reason: text("reason").notNull(),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    /** The plan as it was shown: moves, hosts, figures before and after. */
    plan: jsonb("plan").$type<Record<string, unknown>>().notNull(),
    basedOnGeneration: bigCount("based_on_generation").notNull(),
    state: text("state", { enum: ["open", "accepted", "applied", "dismissed", "outdated"] }).notNull(),
    createdAt: createdAt(),
    /** Last moment at which the same was still advised. */
    confirmedAt: moment("confirmed_at").notNull(),
    decidedAt: moment("decided_at"),
    decidedBy: text("decided_by"),
  },
  (t) => [index("advice_cluster").on(t.clusterId, t.createdAt), uniqueIndex("advice_one_open").on(t.clusterId, t.kind, t.hostId).where(sql`state = 'open'`)],
);

/** Something that went wrong with hosts or their power, from its first signal to its end. */
export const incident = pgTable(
  "incident",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    hostId: text("host_id").references(() => host.id),
    kind: text("kind", { enum: ["host-lost", "host-isolated", "many-silent", "wake-failed", "certificate-void", "failing-host", "orphan-disks", "storage-full"] }).notNull(),
    title: text("title").notNull(),
    titleWords: jsonb("title_words").$type<Words[]>(),
    openedAt: moment("opened_at").notNull(),
    closedAt: moment("closed_at"),
    /** Milliseconds from the first signal to each stage, and counts; filled as they become known. */
    figures: jsonb("figures").$type<Record<string, unknown>>().notNull().default({}),
  },
  (t) => [index("incident_cluster").on(t.clusterId, t.openedAt), uniqueIndex("incident_one_open").on(t.hostId, t.kind).where(sql`closed_at is null and host_id is not null`)],
);

export const incidentEntry = pgTable(
  "incident_entry",
  {
    id: id(),
    incidentId: text("incident_id").notNull().references(() => incident.id),
    at: moment("at").notNull(),
    /** signal, state, fencing, restart, power, operator, end. */
    kind: text("kind").notNull(),
    text: text("text").notNull(),
    words: jsonb("words").$type<Words[]>(),
    detail: jsonb("detail").$type<Record<string, unknown>>().notNull().default({}),
  },
  (t) => [index("incident_entry_incident").on(t.incidentId, t.at)],
);

/** How fast a guest was seen to write its memory; asked for before a move. */
export const dirtyRate = pgTable("dirty_rate", {
  instanceId: text("instance_id").primaryKey(),
  mibPerSecond: doublePrecision("mib_per_second").notNull(),
  measuredAt: moment("measured_at").notNull(),
});

export const UPDATE_STATES = ["running", "paused", "done", "aborted", "failed"] as const;

/** Hosts brought up to date one after the other: empty, step, check, back. */
export const hostUpdate = pgTable(
  "host_update",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    name: text("name").notNull(),
    /** What is done to each empty host: a POST to an address, or a command of the worker's own machine. */
    step: jsonb("step").$type<{ kind: "webhook"; url: string } | { kind: "command"; command: string } | { kind: "none" }>().notNull(),
    stepTimeoutSeconds: count("step_timeout_seconds").notNull().default(1_800),
    hostsAtOnce: count("hosts_at_once").notNull().default(1),
    state: text("state", { enum: UPDATE_STATES }).notNull(),
    reason: text("reason").notNull().default(""),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    createdBy: text("created_by").notNull(),
    createdAt: createdAt(),
    predictedEndAt: moment("predicted_end_at"),
    finishedAt: moment("finished_at"),
  },
  (t) => [check("host_update_state", oneOf(t.state, UPDATE_STATES)), uniqueIndex("host_update_one_open").on(t.clusterId).where(sql`state in ('running', 'paused')`)],
);

export const hostUpdateHost = pgTable(
  "host_update_host",
  {
    updateId: text("update_id").notNull().references(() => hostUpdate.id),
    hostId: text("host_id").notNull().references(() => host.id),
    position: count("position").notNull(),
    state: text("state", { enum: ["waiting", "draining", "updating", "returning", "done", "failed", "skipped"] }).notNull(),
    reason: text("reason").notNull().default(""),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    /** Last lines that the step said. */
    output: text("output").notNull().default(""),
    startedAt: moment("started_at"),
    stepStartedAt: moment("step_started_at"),
    finishedAt: moment("finished_at"),
  },
  (t) => [primaryKey({ columns: [t.updateId, t.hostId] })],
);

/** When an owner agrees to have a machine moved for balance or sleep; failures and maintenance do not ask. */
export const moveConsent = pgTable(
  "move_consent",
  {
    instanceId: text("instance_id").primaryKey().references(() => instance.id),
    organizationId: organizationId().notNull(),
    timeZone: text("time_zone").notNull().default("UTC"),
    /** Not moved in these windows. */
    notDuring: jsonb("not_during").$type<DailyWindow[]>().notNull().default([]),
    /** Told so long before a move; 0 moves without notice. */
    noticeMinutes: count("notice_minutes").notNull().default(0),
    noticeGivenAt: moment("notice_given_at"),
    /** Agrees to be moved at any time for a lower price. */
    movableForDiscount: boolean("movable_for_discount").notNull().default(false),
    updatedAt: moment("updated_at").notNull(),
  },
  (t) => [index("move_consent_organization").on(t.organizationId)],
);

export const REHEARSAL_KINDS = ["tonight", "lose-host", "ratio", "add-desktops", "retire-hosts"] as const;
export const REHEARSAL_STATES = ["asked", "played", "failed", "applied", "measured"] as const;

/** A question to a copy of a cluster: what would happen if. Nothing of the cluster is touched by it. */
export const rehearsal = pgTable(
  "rehearsal",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    kind: text("kind", { enum: REHEARSAL_KINDS }).notNull(),
    /** The question with its figures, as it was asked. */
    question: jsonb("question").$type<Record<string, unknown>>().notNull(),
    state: text("state", { enum: REHEARSAL_STATES }).notNull(),
    askedAt: moment("asked_at").notNull(),
    askedBy: text("asked_by").notNull(),
    playedAt: moment("played_at"),
    basedOnGeneration: bigCount("based_on_generation"),
    /** The copy that it was played on, so that anyone can play it again. */
    inputs: jsonb("inputs").$type<Record<string, unknown>>(),
    /** What would happen: figures before and after, steps, a timeline. */
    result: jsonb("result").$type<Record<string, unknown>>(),
    error: text("error"),
    appliedAt: moment("applied_at"),
    appliedBy: text("applied_by"),
    /** When the stretch that it foretold is over and can be compared; null: nothing to compare. */
    compareAt: moment("compare_at"),
    /** What really happened beside what was foretold. */
    measured: jsonb("measured").$type<Record<string, unknown>>(),
    measuredAt: moment("measured_at"),
  },
  (t) => [
    check("rehearsal_kind", oneOf(t.kind, REHEARSAL_KINDS)),
    check("rehearsal_state", oneOf(t.state, REHEARSAL_STATES)),
    index("rehearsal_cluster").on(t.clusterId, t.askedAt),
    index("rehearsal_open").on(t.state).where(sql`measured_at is null and state <> 'failed'`),
  ],
);

export const DRILL_STATES = ["crashing", "watching", "restoring", "done", "failed"] as const;

/** One crash on purpose of a marked host, and what was measured of it. */
export const drill = pgTable(
  "drill",
  {
    id: id(),
    clusterId: text("cluster_id").notNull().references(() => cluster.id),
    hostId: text("host_id").notNull().references(() => host.id),
    /** The same loss, rehearsed a moment before. */
    rehearsalId: text("rehearsal_id").notNull().references(() => rehearsal.id),
    state: text("state", { enum: DRILL_STATES }).notNull(),
    reason: text("reason").notNull().default(""),
    reasonWords: jsonb("reason_words").$type<Words[]>(),
    orderedBy: text("ordered_by").notNull(),
    orderedAt: moment("ordered_at").notNull(),
    /** When its power was cut. */
    crashedAt: moment("crashed_at"),
    incidentId: text("incident_id").references(() => incident.id),
    /** Milliseconds from the crash to each stage, and counts. */
    measured: jsonb("measured").$type<Record<string, unknown>>(),
    finishedAt: moment("finished_at"),
  },
  (t) => [check("drill_state", oneOf(t.state, DRILL_STATES)), index("drill_cluster").on(t.clusterId, t.orderedAt), uniqueIndex("drill_one_open").on(t.clusterId).where(sql`state in ('crashing', 'watching', 'restoring')`)],
);
