import { PROGRAM } from "./frame";
import {
  domainRef, MAX_LIST_ITEMS, MAX_STATS_PARAMETERS, optionalString, poolRef, typedParameters, uuid, volumeRef,
  type DomainRef, type PoolRef, type TypedParameter, type VolumeRef,
} from "./structures";
import { array, bool, charArray, type Codec, int, nothing, opaque, optional, string, struct, uhyper, uint } from "./xdr";

/** One remote procedure: where it lives and what goes in and out. */
export interface Procedure<Args, Reply> {
  readonly name: string;
  readonly program: number;
  readonly number: number;
  readonly args: Codec<Args>;
  readonly reply: Codec<Reply>;
}

function remote<Args, Reply>(name: string, number: number, args: Codec<Args>, reply: Codec<Reply>): Procedure<Args, Reply> {
  return { name, program: PROGRAM.remote, number, args, reply };
}

/** The format of what a stream will bring; the content says it too. */
const ignoredText: Codec<void> = { write: (writer) => optionalString.write(writer, null), read: (reader) => void optionalString.read(reader) };
const named = struct<{ name: string }>({ name: string });
const xmlFlags = struct<{ xml: string; flags: number }>({ xml: string, flags: uint });
const text = struct<{ value: string }>({ value: string });
const count64 = struct<{ value: bigint }>({ value: uhyper });
const dom = struct<{ dom: DomainRef }>({ dom: domainRef });
const domFlags = struct<{ dom: DomainRef; flags: number }>({ dom: domainRef, flags: uint });
const domXmlFlags = struct<{ dom: DomainRef; xml: string; flags: number }>({ dom: domainRef, xml: string, flags: uint });
const pool = struct<{ pool: PoolRef }>({ pool: poolRef });
const poolFlags = struct<{ pool: PoolRef; flags: number }>({ pool: poolRef, flags: uint });
const vol = struct<{ vol: VolumeRef }>({ vol: volumeRef });
const volFlags = struct<{ vol: VolumeRef; flags: number }>({ vol: volumeRef, flags: uint });
const listArgs = struct<{ needResults: boolean; flags: number }>({ needResults: bool, flags: uint });
const poolInfo = struct<{ state: number; capacity: bigint; allocation: bigint; available: bigint }>({ state: uint, capacity: uhyper, allocation: uhyper, available: uhyper });
const volTransfer = struct<{ vol: VolumeRef; offset: bigint; length: bigint; flags: number }>({ vol: volumeRef, offset: uhyper, length: uhyper, flags: uint });

/** The procedures that Berth uses, and no others. Numbers are facts of libvirt 9.0's protocol, stable since. */
export const procedures = {
  connectOpen: remote("connect-open", 1, struct<{ name: string | null; flags: number }>({ name: optionalString, flags: uint }), nothing),
  connectGetVersion: remote("connect-get-version", 4, nothing, count64),
  nodeGetInfo: remote("node-get-info", 6, nothing,
    struct<{ model: string; memoryKiB: bigint; cpus: number; mhz: number; nodes: number; sockets: number; cores: number; threads: number }>(
      { model: charArray(32), memoryKiB: uhyper, cpus: int, mhz: int, nodes: int, sockets: int, cores: int, threads: int })),
  connectGetCapabilities: remote("connect-get-capabilities", 7, nothing, text),
  domainDestroy: remote("domain-destroy", 12, dom, nothing),
  domainGetXml: remote("domain-get-xml", 14, domFlags, text),
  domainLookupByName: remote("domain-lookup-by-name", 23, named, dom),
  domainLookupByUuid: remote("domain-lookup-by-uuid", 24, struct<{ uuid: Buffer }>({ uuid }), dom),
  domainReboot: remote("domain-reboot", 27, domFlags, nothing),
  domainResume: remote("domain-resume", 28, dom, nothing),
  domainSuspend: remote("domain-suspend", 34, dom, nothing),
  connectGetHostname: remote("connect-get-hostname", 59, nothing, text),
  connectSupportsFeature: remote("connect-supports-feature", 60, struct<{ feature: number }>({ feature: int }), struct<{ supported: boolean }>({ supported: bool })),
  authList: remote("auth-list", 66, nothing, struct<{ types: readonly number[] }>({ types: array(int, 20) })),
  poolDefineXml: remote("pool-define-xml", 77, xmlFlags, pool),
  poolCreate: remote("pool-create", 78, poolFlags, nothing),
  poolBuild: remote("pool-build", 79, poolFlags, nothing),
  poolRefresh: remote("pool-refresh", 83, poolFlags, nothing),
  poolLookupByName: remote("pool-lookup-by-name", 84, named, pool),
  poolGetInfo: remote("pool-get-info", 87, pool, poolInfo),
  poolGetXml: remote("pool-get-xml", 88, poolFlags, text),
  poolSetAutostart: remote("pool-set-autostart", 90, struct<{ pool: PoolRef; autostart: boolean }>({ pool: poolRef, autostart: bool }), nothing),
  volCreateXml: remote("volume-create-xml", 93, struct<{ pool: PoolRef; xml: string; flags: number }>({ pool: poolRef, xml: string, flags: uint }), vol),
  volDelete: remote("volume-delete", 94, volFlags, nothing),
  volLookupByName: remote("volume-lookup-by-name", 95, struct<{ pool: PoolRef; name: string }>({ pool: poolRef, name: string }), vol),
  volGetInfo: remote("volume-get-info", 98, vol, struct<{ type: number; capacity: bigint; allocation: bigint }>({ type: int, capacity: uhyper, allocation: uhyper })),
  volGetXml: remote("volume-get-xml", 99, volFlags, text),
  connectGetUri: remote("connect-get-uri", 110, nothing, text),
  connectGetLibVersion: remote("connect-get-lib-version", 157, nothing, count64),
  domainAttachDevice: remote("domain-attach-device", 160, domXmlFlags, nothing),
  domainDetachDevice: remote("domain-detach-device", 161, domXmlFlags, nothing),
  domainAbortJob: remote("domain-abort-job", 164, dom, nothing),
  domainMigrateSetMaxDowntime: remote("domain-migrate-set-max-downtime", 166,
    struct<{ dom: DomainRef; downtimeMs: bigint; flags: number }>({ dom: domainRef, downtimeMs: uhyper, flags: uint }), nothing),
  nwfilterLookupByName: remote("nwfilter-lookup-by-name", 175, named, pool),
  nwfilterDefineXml: remote("nwfilter-define-xml", 180, struct<{ xml: string }>({ xml: string }), pool),
  domainCreateWithFlags: remote("domain-create-with-flags", 196, domFlags, dom),
  domainSetVcpus: remote("domain-set-vcpus", 199, struct<{ dom: DomainRef; vcpus: number; flags: number }>({ dom: domainRef, vcpus: uint, flags: uint }), nothing),
  domainOpenConsole: remote("domain-open-console", 201, struct<{ dom: DomainRef; device: string | null; flags: number }>({ dom: domainRef, device: optionalString, flags: uint }), nothing),
  volUpload: remote("volume-upload", 208, volTransfer, nothing),
  volDownload: remote("volume-download", 209, volTransfer, nothing),
  domainScreenshot: remote("domain-screenshot", 211, struct<{ dom: DomainRef; screen: number; flags: number }>({ dom: domainRef, screen: uint, flags: uint }), ignoredText),
  domainGetState: remote("domain-get-state", 212, domFlags, struct<{ state: number; reason: number }>({ state: int, reason: int })),
  nodeGetMemoryStats: remote("node-get-memory-stats", 228, struct<{ count: number; cell: number; flags: number }>({ count: int, cell: int, flags: uint }),
    struct<{ params: readonly { field: string; value: bigint }[]; count: number }>({
      params: array(struct<{ field: string; value: bigint }>({ field: string, value: uhyper }), 16), count: int })),
  domainUndefine: remote("domain-undefine", 231, domFlags, nothing),
  domainSave: remote("domain-save", 232, struct<{ dom: DomainRef; to: string; xml: string | null; flags: number }>({ dom: domainRef, to: string, xml: optionalString, flags: uint }), nothing),
  domainRestore: remote("domain-restore", 233, struct<{ from: string; xml: string | null; flags: number }>({ from: string, xml: optionalString, flags: uint }), nothing),
  domainDestroyFlags: remote("domain-destroy-flags", 234, domFlags, nothing),
  saveImageGetXml: remote("save-image-get-xml", 235, struct<{ file: string; flags: number }>({ file: string, flags: uint }), text),
  domainReset: remote("domain-reset", 245, domFlags, nothing),
  domainBlockResize: remote("domain-block-resize", 251, struct<{ dom: DomainRef; disk: string; size: bigint; flags: number }>({ dom: domainRef, disk: string, size: uhyper, flags: uint }), nothing),
  domainShutdown: remote("domain-shutdown", 258, domFlags, nothing),
  volResize: remote("volume-resize", 260, struct<{ vol: VolumeRef; capacity: bigint; flags: number }>({ vol: volumeRef, capacity: uhyper, flags: uint }), nothing),
  domainGetMetadata: remote("domain-get-metadata", 265,
    struct<{ dom: DomainRef; type: number; uri: string | null; flags: number }>({ dom: domainRef, type: int, uri: optionalString, flags: uint }), text),
  listDomains: remote("list-domains", 273, listArgs, struct<{ domains: readonly DomainRef[]; count: number }>({ domains: array(domainRef, MAX_LIST_ITEMS), count: uint })),
  listPools: remote("list-pools", 281, listArgs, struct<{ pools: readonly PoolRef[]; count: number }>({ pools: array(poolRef, MAX_LIST_ITEMS), count: uint })),
  listVolumes: remote("list-volumes", 282, struct<{ pool: PoolRef; needResults: boolean; flags: number }>({ pool: poolRef, needResults: bool, flags: uint }),
    struct<{ volumes: readonly VolumeRef[]; count: number }>({ volumes: array(volumeRef, MAX_LIST_ITEMS), count: uint })),
  domainGetJobStats: remote("domain-get-job-stats", 298, domFlags, struct<{ type: number; params: readonly TypedParameter[] }>({ type: int, params: typedParameters(64) })),
  domainMigratePerform: remote("domain-migrate-perform", 305,
    struct<{ dom: DomainRef; destination: string | null; params: readonly TypedParameter[]; cookie: Buffer; flags: number }>(
      { dom: domainRef, destination: optionalString, params: typedParameters(64), cookie: opaque(4_194_304), flags: uint }),
    struct<{ cookie: Buffer }>({ cookie: opaque(4_194_304) })),
  cpuModelNames: remote("cpu-model-names", 312, struct<{ arch: string; needResults: boolean; flags: number }>({ arch: string, needResults: bool, flags: uint }),
    struct<{ models: readonly string[]; count: number }>({ models: array(string, 8192), count: int })),
  eventRegister: remote("event-register", 316, struct<{ eventId: number; dom: DomainRef | null }>({ eventId: int, dom: optional(domainRef) }), struct<{ callbackId: number }>({ callbackId: int })),
  domainCapabilities: remote("domain-capabilities", 342,
    struct<{ emulator: string | null; arch: string | null; machine: string | null; virtType: string | null; flags: number }>(
      { emulator: optionalString, arch: optionalString, machine: optionalString, virtType: optionalString, flags: uint }), text),
  allDomainStats: remote("all-domain-stats", 344, struct<{ doms: readonly DomainRef[]; stats: number; flags: number }>({ doms: array(domainRef, MAX_LIST_ITEMS), stats: uint, flags: uint }),
    struct<{ records: readonly { dom: DomainRef; params: readonly TypedParameter[] }[] }>({
      records: array(struct<{ dom: DomainRef; params: readonly TypedParameter[] }>({ dom: domainRef, params: typedParameters(MAX_STATS_PARAMETERS) }), MAX_LIST_ITEMS) })),
  domainDefineXml: remote("domain-define-xml", 350, xmlFlags, dom),
  domainMigrateStartPostCopy: remote("domain-migrate-start-post-copy", 364, domFlags, nothing),
  domainAgentSetTimeout: remote("domain-agent-set-timeout", 420, struct<{ dom: DomainRef; seconds: number; flags: number }>({ dom: domainRef, seconds: int, flags: uint }), struct<{ result: number }>({ result: int })),
  domainStartDirtyRate: remote("domain-start-dirty-rate", 427, struct<{ dom: DomainRef; seconds: number; flags: number }>({ dom: domainRef, seconds: int, flags: uint }), nothing),
  agentCommand: {
    name: "guest-agent-command", program: PROGRAM.qemu, number: 3,
    args: struct<{ dom: DomainRef; command: string; timeoutSeconds: number; flags: number }>({ dom: domainRef, command: string, timeoutSeconds: int, flags: uint }),
    reply: struct<{ result: string | null }>({ result: optionalString }),
  } satisfies Procedure<{ dom: DomainRef; command: string; timeoutSeconds: number; flags: number }, { result: string | null }>,
} as const;

const domEvent = { callbackId: int, dom: domainRef } as const;

/** What the host says by itself: event id to register, message number, layout. */
export const events = {
  lifecycle: { eventId: 0, number: 318, body: struct<{ callbackId: number; dom: DomainRef; event: number; detail: number }>({ ...domEvent, event: int, detail: int }) },
  watchdog: { eventId: 3, number: 321, body: struct<{ callbackId: number; dom: DomainRef; action: number }>({ ...domEvent, action: int }) },
  agent: { eventId: 18, number: 348, body: struct<{ callbackId: number; dom: DomainRef; state: number; reason: number }>({ ...domEvent, state: int, reason: int }) },
} as const;
