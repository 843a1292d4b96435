export const POWER_KINDS = ["ipmi", "redfish", "wol", "simulated"] as const;
export type PowerKind = (typeof POWER_KINDS)[number];

export type PowerFieldName = "address" | "port" | "username" | "password" | "url" | "systemId" | "macAddress" | "broadcastAddress" | "probeAddress" | "probePort" | "hostName" | "outlet";

interface PowerField {
  readonly name: PowerFieldName;
  readonly secret?: boolean;
  readonly number?: boolean;
  readonly example?: string;
}

const account: readonly PowerField[] = [{ name: "username" }, { name: "password", secret: true }];

/** What each kind of management controller needs; the schema in server/fleet/schema.ts decides. */
export const POWER_FIELDS: Readonly<Record<PowerKind, readonly PowerField[]>> = {
  ipmi: [{ name: "address", example: "10.0.2.14" }, { name: "port", number: true, example: "623" }, ...account],
  redfish: [{ name: "url", example: "https://10.0.2.14" }, { name: "systemId", example: "1" }, ...account],
  wol: [{ name: "macAddress", example: "52:54:00:12:34:56" }, { name: "broadcastAddress", example: "10.0.1.255" }, { name: "probeAddress", example: "10.0.1.14" }, { name: "probePort", number: true, example: "16514" }],
  simulated: [{ name: "hostName", example: "host-1" }, { name: "outlet", example: "pdu-1/4" }],
};
