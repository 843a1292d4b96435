import type { Clock } from "./clock";
import type { Random } from "./random";

/** What an id names. The prefix is part of the id, so that a wrong one is seen at once. */
export const ID_PREFIXES = {
  organization: "org",
  user: "usr",
  userSession: "uss",
  invitation: "inv",
  flavor: "flv",
  priceVersion: "prv",
  image: "img",
  hold: "hld",
  cluster: "cls",
  host: "hst",
  storagePool: "stp",
  instance: "ins",
  instanceEvent: "evt",
  volume: "vol",
  network: "net",
  address: "adr",
  sshKey: "key",
  migration: "mig",
  fencing: "fnc",
  decision: "dec",
  placementRule: "plr",
  certificate: "crt",
  powerEvent: "pwe",
  energyReport: "nrg",
  advice: "adv",
  incident: "inc",
  incidentEntry: "ine",
  hostUpdate: "upd",
  rehearsal: "reh",
  drill: "drl",
  usageWindow: "usw",
  invoice: "bil",
  invoiceLine: "bll",
  ledgerEntry: "led",
  creditNote: "crn",
  creditGrant: "crg",
  commitment: "cmt",
  discount: "dsc",
  budget: "bud",
  adjustment: "adj",
  signingKey: "sgk",
  paymentLink: "lnk",
  paymentPush: "psh",
  payment: "pay",
  paymentRefund: "rfd",
  paymentDispute: "dsp",
  paymentSubscription: "rec",
  dunningCase: "dun",
  slaCredit: "sla",
  difference: "dif",
  goldenImage: "gim",
  goldenVersion: "giv",
  desktopPool: "dpl",
  desktop: "dsk",
  desktopAssignment: "das",
  desktopGroup: "dgr",
  desktopSession: "dse",
  consoleTicket: "tck",
  consoleSession: "con",
  outbox: "out",
  request: "req",
  worker: "wrk",
} as const;

export type IdKind = keyof typeof ID_PREFIXES;
declare const brand: unique symbol;
/** An id of one kind; the type keeps an organization's id out of an instance's place. */
export type Id<K extends IdKind> = string & { readonly [brand]: K };

/** Crockford's base 32, lower case: no i, l, o, u. */
const ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz";
const BODY_LENGTH = 26;

/**
 * Mints an id: 48 bits of milliseconds since 1970, then 80 random bits (the layout of a ULID), so that ids sort by
 * time and an index grows at one end.
 */
export function mintId<K extends IdKind>(kind: K, source: { readonly clock: Clock; readonly random: Random }): Id<K> {
  let time = source.clock.nowMs();
  const body: string[] = [];
  for (let i = 0; i < 10; i++) {
    body.unshift(ALPHABET.charAt(time % 32));
    time = Math.floor(time / 32);
  }
  // 16 characters of 5 bits each take the low bits of 16 bytes.
  for (const byte of source.random.bytes(16)) body.push(ALPHABET.charAt(byte & 31));
  return `${ID_PREFIXES[kind]}_${body.join("")}` as Id<K>;
}

/** True when the text has the shape of an id of this kind; says nothing of whether it exists. */
export function isId<K extends IdKind>(kind: K, text: string): text is Id<K> {
  const prefix = `${ID_PREFIXES[kind]}_`;
  if (!text.startsWith(prefix) || text.length !== prefix.length + BODY_LENGTH) return false;
  for (const character of text.slice(prefix.length)) if (!ALPHABET.includes(character)) return false;
  return true;
}
