import type { Money, Words, WordValue } from "@/db/columns";
import { FLEET_SENTENCES } from "./fleet-sentences";
import { MONEY_SENTENCES } from "./money-sentences";
import { REFUSALS } from "./refusals";

/**
 * Every fixed sentence of the loops and areas for people, by its code, in English for logs, programs and old readers. Screens say it from code and figures
 * in their own language. Codes are stored, so none is ever renamed. The unit of a figure is the last part of its name.
 * The planner has its own list (server/planner/words.ts).
 */
export const SENTENCES = {
  ...REFUSALS,
  ...MONEY_SENTENCES,
  ...FLEET_SENTENCES,
  // What a status alone does not say.
  "status-waiting": "No host has room for it at the moment. It starts by itself as soon as one has.",
  "status-unreachable": "Its host does not answer. It is started elsewhere only when that host is known to be off, so that no two copies write to one disk.",
  "status-recovering": "Its host failed. It is being started on another one.",
  "status-migrating": "It is being moved to another host while it runs.",
  "status-paused": "It is paused.",
  "status-paused-storage": "It was paused because its storage did not take a write.",
  "status-crashed": "Its virtual hardware stopped unexpectedly. It is being started again.",
  "status-error": "It could not be brought to the wanted state. We go on trying.",
  "status-trash": "It is in the trash and can be restored.",
  // Waiting for capacity.
  "waits-no-room": "No server has room for {instance} ({vcpus} vCPU, {memoryMiB} MiB) now. It starts by itself as soon as one has.",
  "kept-in-reserve": "The room on {host} is kept free for machines whose server fails.",
  "waits-after-loss": "Its server failed, and no other server has room for {instance} now. It starts by itself as soon as one has.",
  // Restarts in the order that an owner asked for.
  "restart-follows": "It starts after {names}, and without that {waitSeconds} s after this at the latest.",
  "restart-without": "{names} did not run within {waitSeconds} s, so it was started without.",
  "restart-after": "It was started after {names}.",
  // Moves that did not take place.
  "move-elsewhere": "The machine had been given another place before the move ended.",
  "move-source-died": "The host that it was to leave died.",
  "move-source-not-up": "{host}, where it runs, does not answer or is not in service.",
  "move-target-not-up": "{host}, where it was to go, does not answer or is not in service.",
  "move-update-aborted": "The update that asked for it was aborted.",
  "move-drain-cancelled": "The drain that asked for it was cancelled.",
  "move-worker-gone": "The worker that carried it out was gone. Both hosts were asked: the machine stayed where it was.",
  // Changes of size.
  "resize-at-start": "It does not run now; the new size is there when it starts.",
  "resize-class": "The class of the size changes, which takes effect with the next boot. Reboot it when it suits you.",
  "resize-none": "Nothing changes: it has this size already.",
  "resize-live": "It changes while it runs. Where the guest cannot take it, it waits for the next boot, and this page says so.",
  "boot-no-room": "Its server has no room for the new size now. It gets the new size when it is started next, on a server that has.",
  "boot-needs-restart": "It needs a restart.",
  "boot-is-off": "The machine is off; the new size applies when it starts.",
  "boot-fewer-vcpus": "A running machine can be given vCPUs, not lose them.",
  "boot-more-vcpus": "This machine was started with room for {maxVcpus} vCPUs; more need a restart.",
  "boot-less-memory": "A running machine can be given memory, not lose it.",
  "boot-more-memory": "This machine was started with room for {maxMiB} MiB; more needs a restart.",
  "boot-memory-step": "Memory is given to a running machine in steps of {stepMiB} MiB.",
  "boot-memory-slots": "All memory slots of this machine are taken.",
  "boot-guest-not-up": "The guest has not booted yet, so it cannot take new resources; they apply at its next start.",
  "resized-live": "{instance} got its new size while it runs.",
  "moved-to-grow": "{instance} moves to a server that has room for its new size.",
  "resized-at-boot": "{instance} gets its new size at its next boot.",
  // What a tenant reads of a failed step.
  "failure-unreachable": "Its server did not answer in time. It is tried again.",
  "failure-locked": "Its disk is still held by another process. It is started as soon as the disk is free.",
  "failure-insufficient": "Its server has too little free memory or storage right now. It is tried again.",
  "failure-not-found": "A disk or image of it was not found on the storage. Our staff can see why; it is tried again.",
  "failure-refused": "Its server refused the operation. Our staff can see why; it is tried again.",
  "failure-crashing": "The guest crashed again and again right after its start. It is not started again by itself; look at its console, then start it.",
  // Images.
  "image-copying": "It is being copied to the storage.",
  "image-awaited": "Its file is awaited.",
  "image-abandoned": "Its file did not arrive within a day. Begin a new upload.",
  "image-file-gone": "Its file is not in the upload folder any more. Upload it again.",
  "image-copy-failed": "It could not be copied to the storage: {error}. Upload it again, or ask our staff.",
  "image-backing-file": "It refers to a backing file, so it is only a part of a disk. Flatten it with: qemu-img convert -O qcow2 IN OUT",
  "image-data-file": "It keeps its content in an external data file. Convert it with: qemu-img convert -O qcow2 IN OUT",
  "image-encrypted": "It is encrypted, and hosts have no key for it. Send it without encryption.",
  "image-corrupt": "Its own header says that it is damaged. Repair it with: qemu-img check -r all FILE",
  "image-no-disk": "It holds no disk.",
  "image-too-large": "Its disk has {sizeGiB} GiB, more than the {limitGiB} GiB that are sold.",
  "image-not-raw": "Its size of {bytes} bytes is no multiple of {sectorBytes}, so it is no raw disk, or it was cut off.",
  // States of hosts.
  "host-silent": "It does not answer.",
  "host-cleaning": "It answers again; what is stale there is removed before it takes instances.",
  "host-answers": "It answers again.",
  "host-looked-at": "It is being looked at.",
  "host-nothing-wrong": "Nothing is wrong with it; it can be enrolled.",
  "host-enrolled": "Enrolled.",
  "host-findings": "{checks} is not in order: see what the preflight found.",
  "host-other-machine": "Another machine answers at {address}: its host UUID is {found}, and {enrolled} was enrolled. Correct the address, or retire this host and enroll the new machine.",
  "host-back": "It is back; nothing stale is left there.",
  "host-returned": "An operator returned it to service.",
  "host-retired": "An operator retired it.",
  "host-fence-blocked": "It is silent, and its management controller could not confirm that it is off: {error} Its instances stay where they are, because they may still run. Switch the host off by hand and vouch for it on this page, or repair the controller or the network.",
  "host-off-confirmed": "Its management controller confirmed that it is off.",
  "host-off-second": "Its second power device confirmed that it is off.",
  "host-off-both": "Both of its power devices confirmed that it is off.",
  "fence-second-disagrees": "Its two power devices contradict each other, so the second one is not used any more in this fencing. {error}",
  "host-off-vouched": "An operator vouched that it is off: {operator}.",
  "host-too-many-silent": "It is silent, as {silent} of {hosts} hosts are at once; no more than {allowedPercent} % are fenced by themselves. Look at the network between the control plane and the hosts. If this host is really dead, switch it off by hand and vouch for it.",
  "host-silent-for": "It has been silent for {silentSeconds} s; {allowedSeconds} s are allowed.",
  "host-controller-off": "It is silent, and its management controller says that it is off.",
  // What a preflight found.
  "found-answers": "It answers at {address} as {name} ({version}, {accelerator}).",
  "found-not-trusted": "{address} answers, but one side does not accept the other's certificate or credentials: {error} Give both certificates of the same authority and check the host name in it.",
  "found-silent": "{address} does not answer: {error} Check the address, the firewall, and that the hypervisor's daemon listens there.",
  "found-cpu": "It can give guests the cluster's CPU model {model}.",
  "found-cpu-too-old": "Its CPU is too old for this cluster: guests need {model}, it offers {offered}. Put it into a cluster with an older model, or replace it.",
  "found-room": "{cores} cores and {leftMiB} MiB are there for instances.",
  "found-no-room": "{keptMiB} MiB are kept for the host itself and it has {totalMiB} MiB in all. Keep less.",
  "found-no-clock": "It does not tell its time.",
  "found-clock": "Its clock is {skew} ms from ours.",
  "found-clock-wrong": "Its clock is {seconds} s from ours. Set up time synchronization.",
  "found-no-fencing": "It has no fencing device, so nobody could ever confirm that it is dead. Give it an IPMI or Redfish controller.",
  "found-wake-only": "Its power device ({device}) can wake it and cannot confirm that it is off, so it is no fencing device. Give it an IPMI or Redfish controller.",
  "found-fencing": "Its {device} controller answers and says \"on\".",
  "found-second": "Its second power device ({device}) answers and says \"{status}\".",
  "found-second-wrong": "Its second power device ({device}) says \"{status}\" of a host that is on: it belongs to another machine, or only a part of the host hangs on it.",
  "found-second-broken": "Its second power device could not be asked: {error}",
  "found-fencing-wrong": "Its {device} controller says \"{status}\" of a host that should be on: it is the controller of another machine, or the host is off.",
  "found-fencing-broken": "The management controller of {host} does not work: {error} Check its address, user and password.",
  "found-no-pool": "It has no storage pool named {pool}; it has {present}. Mount the cluster's shared storage and define the pool.",
  "found-other-path": "Its pool {pool} is at {here}, on the other hosts at {there}. Moves need the same path everywhere.",
  "found-pool-alone": "The pool {pool} is there; no other host is up to compare it with.",
  "found-shared": "{other} sees what it writes to {pool}.",
  "found-not-shared": "{other} does not see what it writes to {pool}: their storage is not shared. Mount the same storage on both.",
  "found-not-tried": "Whether its pool {pool} is shared could not be tried: {error}",
  "found-no-lease": "It keeps no run-lease: where its management controller dies with it, its machines wait for an operator's word.",
  "found-lease": "It ends its own machines {ttlSeconds} s after it last renewed its lease, and the storage keeps its locks for {storageSeconds} s.",
  "found-lease-alone": "It ends its own machines {ttlSeconds} s after it last renewed its lease. How long the storage keeps the locks of a silent host cannot be known from here: see that it is longer.",
  "found-lease-long": "The storage gives the locks of a silent host away after {storageSeconds} s, and this host ends its own machines only {ttlSeconds} s after it last renewed its lease: in between a second writer would be let in. Give the storage a longer lease (NFSv4: nfsv4leasetime on its server), or the host a shorter one (BERTH_LEASE_SECONDS).",
  "found-lease-unread": "Its run-lease could not be read: {error}",
  // Decisions.
  "fence-not-wait": "Waiting: its instances stay down as long as it is silent.",
  "fence-not-at-once": "Restarting its instances elsewhere at once: a silent host may still run them, and two writers on one disk destroy it.",
  "host-empty": "{host} is empty.",
  "stays-while-running": "{instance} cannot move while it runs. It leaves when its owner stops it.",
  // Warnings about a cluster.
  "pool-at-floor": "Storage pool {pool} has {freePercent} % free, the floor is {floorPercent} %: new disks are refused. Free or add space.",
  "pool-near-floor": "Storage pool {pool} has {freePercent} % free and comes near the floor of {floorPercent} %.",
  "pool-takes-no-memory": "The storage pool {pool} had no room for the memory of {instance}, which should have been put aside and runs on. Free or add space.",
  "machines-stand-still": "{machines} machines stand still, paused by their hosts for no reason that ends by itself: {names}. Look at the log of their hosts; a restart ends it.",
  "host-is-unreachable": "{host} does not answer, and is not known to be off.",
  "host-is-quarantined": "{host} is kept out.",
} as const;

export type SentenceCode = keyof typeof SENTENCES;

type ParamNames<T extends string> = T extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamNames<Rest> : never;
type ParamsOf<C extends SentenceCode> = Readonly<Record<ParamNames<(typeof SENTENCES)[C]>, WordValue>>;

/** A sentence twice: for programs and logs, and as data for screens. */
export interface Sentence {
  readonly text: string;
  readonly words: Words[];
}

/** What somebody says: with its codes where it has some. */
export type Said = string | Sentence;

/** A sentence of the list; the compiler knows which figures it needs. */
export function sentence<C extends SentenceCode>(code: C, ...[params]: ParamNames<(typeof SENTENCES)[C]> extends never ? [] : [ParamsOf<C>]): Sentence {
  const figures: Readonly<Record<string, WordValue>> = params ?? {};
  return { text: SENTENCES[code].replaceAll(/\{(\w+)\}/g, (_all, name: string) => plain(figures[name] ?? "?")), words: [{ code, params: figures }] };
}

/** Several sentences, one after the other. */
export function sentences(...all: readonly Sentence[]): Sentence {
  return { text: all.map((one) => one.text).join(" "), words: all.flatMap((one) => one.words) };
}

export function textOf(said: Said): string {
  return typeof said === "string" ? said : said.text;
}

/** What was stored as a text, and as data where the row is young enough. */
export function storedSentence(text: string, words: readonly Words[] | null | undefined): Sentence {
  return words && words.length > 0 ? { text, words: [...words] } : sentence("said-plain", { text });
}

/** Null where there is only a text. */
export function wordsOf(said: Said): Words[] | null {
  return typeof said === "string" ? null : said.words;
}

/** Puts something else in the place of every text in some words, as names in the place of ids. */
export function replaceNames(words: readonly Words[], nameOf: (text: string) => string | { readonly server: number }): Words[] {
  const name = (value: string | { readonly server: number }): string | { readonly server: number } => (typeof value === "string" ? nameOf(value) : value);
  const replaced = (value: WordValue): WordValue => {
    if (typeof value === "number" || isMoney(value)) return value;
    return isList(value) ? value.map(name) : name(value);
  };
  return words.map(({ code, params }) => ({ code, params: Object.fromEntries(Object.entries(params).map(([key, value]) => [key, replaced(value)])) }));
}

const isList = (value: WordValue): value is readonly (string | { readonly server: number })[] => Array.isArray(value);

const isMoney = (value: WordValue): value is Money => typeof value === "object" && "minor" in value;

function plainMoney({ minor, currency }: Money): string {
  const format = new Intl.NumberFormat("en", { style: "currency", currency, currencyDisplay: "code" });
  // The space that Intl sets between code and figures is a fixed one, which no log is searched for.
  return format.format(minor / 10 ** (format.resolvedOptions().maximumFractionDigits ?? 2)).replaceAll("\u00a0", " ");
}

function plain(value: WordValue): string {
  if (isMoney(value)) return plainMoney(value);
  if (isList(value)) return value.map(plain).join(", ") || "none";
  return typeof value === "object" ? (value.server > 0 ? `server ${value.server}` : "a server") : String(value);
}

export type { Money, Words, WordValue };
