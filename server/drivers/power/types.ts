/**
 * The power door: a host's management controller. `off()` and `on()` return only after the state was confirmed by
 * asking again; a device that answers before it is done is never believed. All reject with `DriverError`.
 */
export interface PowerDriver {
  readonly kind: "ipmi" | "redfish" | "wol" | "simulated";
  connect(config: PowerConfig): PowerDevice;
}

export type PowerConfig =
  | { readonly kind: "ipmi"; readonly address: string; readonly port: number; readonly username: string; readonly password: string }
  | { readonly kind: "redfish"; readonly url: string; readonly username: string; readonly password: string; readonly systemId: string; readonly caCertificate?: string }
  /** Can wake only: it can never confirm `off`, so it is no fencing device. */
  | { readonly kind: "wol"; readonly macAddress: string; readonly broadcastAddress: string; readonly probeAddress: string; readonly probePort: number }
  /** With `outlet` it is that switched outlet of the simulated world, else the host's management controller. */
  | { readonly kind: "simulated"; readonly hostName: string; readonly outlet?: string };

/**
 * What a second device is to its host. `outlet`: the one switched outlet that feeds all of it, its controller too. `controller`: another controller of
 * the same machine. `both`: first and second are the two outlets of two supplies, and the host is off when both are.
 */
export type SecondRole = "outlet" | "controller" | "both";

/** The devices of one host as they are stored: the first one, and beside it the second. */
export type HostPowerConfig = PowerConfig & { readonly second?: PowerConfig & { readonly role: SecondRole } };

/** Whose word it is that a host is off. */
export type OffWitness = "first" | "second" | "both";
export type PowerAnswer = { readonly state: "on" } | { readonly state: "off"; readonly by: OffWitness };

/** One sensor beyond its thresholds. */
export interface HealthFinding {
  readonly sensor: string;
  /** The reading and what the device calls its state. */
  readonly text: string;
  /** Critical or worse: the host may fail at any moment. */
  readonly severe: boolean;
}

export interface PowerDevice {
  readonly kind: PowerDriver["kind"];
  /** False for devices that cannot confirm that a host is off (wake-on-LAN). */
  readonly canFence: boolean;
  status(options?: { readonly timeoutMs?: number }): Promise<"on" | "off">;
  /** Cuts the power; resolves when the device itself said `off` afterwards. */
  off(options?: { readonly timeoutMs?: number }): Promise<void>;
  /**
   * Asks the host's operating system to shut down (the power button) and resolves when the device itself said `off`; `failed` when it
   * is still on at the end of the bound. Absent where the device has no such button.
   */
  shutdown?(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** Powers on; resolves when the device itself said `on` afterwards (the host still boots). */
  on(options?: { readonly timeoutMs?: number }): Promise<void>;
  /** What its sensors say that should worry somebody; null for devices without sensors. An empty list is a healthy host. */
  health?(options?: { readonly timeoutMs?: number }): Promise<readonly HealthFinding[] | null>;
  /** Watts now where the device measures them, else null. */
  powerReading(options?: { readonly timeoutMs?: number }): Promise<number | null>;
}
