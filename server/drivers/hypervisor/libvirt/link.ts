import type { CallOptions, DomainEvent, HostEndpoint } from "../types";
import { Lane } from "./lane";
import { LIBVIRT_ERROR, isLibvirtError } from "./errors";
import type { LibvirtDriverOptions } from "./options";
import { RpcConnection } from "./rpc/connection";
import { events, type Procedure, procedures } from "./rpc/procedures";
import { decode } from "./rpc/xdr";
import { lifecycleEvent } from "./states";

/** First wait before a lost connection is tried again, milliseconds; it doubles up to the second. */
const FIRST_RETRY_MS = 250;
const LAST_RETRY_MS = 5000;

interface Watcher {
  onEvent(event: DomainEvent): void;
  onReconnect(): void;
}

/** All connections to one host. */
export class HostLink {
  /** Heartbeat, observation, events. */
  private readonly control: Lane;
  /** Short questions and orders. */
  private readonly work: Lane;
  /** What takes the host itself a while: starting QEMU, making disks. */
  private readonly heavy: Lane;
  private readonly watchers = new Set<Watcher>();
  private readonly dedicatedConnections = new Set<RpcConnection>();
  private readonly changeListeners: ((uuid: string | null) => void)[] = [];
  private retryTimer: NodeJS.Timeout | null = null;
  private retryMs = FIRST_RETRY_MS;
  private everConnected = false;
  private everFailed = false;
  private closed = false;

  constructor(
    readonly endpoint: HostEndpoint,
    readonly options: LibvirtDriverOptions,
  ) {
    this.control = new Lane(endpoint, options, (connection) => this.prepareControl(connection));
    this.work = new Lane(endpoint, options);
    this.heavy = new Lane(endpoint, options);
  }

  call<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args, options?: CallOptions): Promise<Reply> {
    return this.work.call(procedure, args, this.options.callTimeoutMs, options);
  }

  controlCall<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args, options?: CallOptions): Promise<Reply> {
    return this.control.call(procedure, args, this.options.callTimeoutMs, options);
  }

  /** `defaultTimeoutMs` is the bound where the caller gave none. */
  heavyCall<Args, Reply>(procedure: Procedure<Args, Reply>, args: Args, defaultTimeoutMs: number, options?: CallOptions): Promise<Reply> {
    return this.heavy.call(procedure, args, defaultTimeoutMs, options);
  }

  /** A connection of its own, for a stream or a call of minutes; the caller closes it. `to` is another host, for its word on a move. */
  async dedicated(to: HostEndpoint = this.endpoint): Promise<RpcConnection> {
    const connection = await RpcConnection.open(to, { openTimeoutMs: this.options.openTimeoutMs, keepalive: this.options.keepalive });
    this.dedicatedConnections.add(connection);
    connection.onEnd(() => this.dedicatedConnections.delete(connection));
    if (this.closed) connection.close();
    return connection;
  }

  /** Told the uuid of a domain whose definition or process changed; null when anything may have. */
  onChange(listener: (uuid: string | null) => void): void {
    this.changeListeners.push(listener);
  }

  watch(onEvent: (event: DomainEvent) => void, onReconnect: () => void): () => void {
    const watcher: Watcher = { onEvent, onReconnect };
    this.watchers.add(watcher);
    this.reconnectSoon(0);
    return () => {
      this.watchers.delete(watcher);
    };
  }

  private reconnectSoon(delayMs: number): void {
    if (this.closed || this.watchers.size === 0 || this.retryTimer !== null) return;
    this.retryTimer = setTimeout(() => {
      this.retryTimer = null;
      this.control.connection().catch(() => {
        // Every caller of an operation hears the reason from its own call; here only the next try matters.
        this.everFailed = true;
        this.retryMs = Math.min(this.retryMs * 2, LAST_RETRY_MS);
        this.reconnectSoon(this.retryMs);
      });
    }, delayMs);
    this.retryTimer.unref();
  }

  private async prepareControl(connection: RpcConnection): Promise<void> {
    connection.onEvent = (number, body) => this.receiveEvent(number, body);
    const bound = { timeoutMs: this.options.openTimeoutMs };
    await connection.call(procedures.eventRegister, { eventId: events.lifecycle.eventId, dom: null }, bound);
    for (const event of [events.watchdog, events.agent]) {
      try {
        await connection.call(procedures.eventRegister, { eventId: event.eventId, dom: null }, bound);
      } catch (error) {
        // Hypervisors other than QEMU know fewer events; lifecycle alone is enough to work.
        if (!isLibvirtError(error, LIBVIRT_ERROR.noSupport, LIBVIRT_ERROR.invalidArgument, LIBVIRT_ERROR.operationUnsupported)) throw error;
      }
    }
    connection.onEnd(() => {
      this.tellChange(null);
      this.retryMs = FIRST_RETRY_MS;
      this.reconnectSoon(FIRST_RETRY_MS);
    });
    this.tellChange(null);
    const again = this.everConnected || this.everFailed;
    this.everConnected = true;
    this.retryMs = FIRST_RETRY_MS;
    // After this task, so that the watcher's first question already finds the connection in place.
    if (again) setImmediate(() => this.watchers.forEach((watcher) => watcher.onReconnect()));
  }

  private receiveEvent(number: number, body: Buffer): void {
    if (number === events.lifecycle.number) {
      const message = decode(events.lifecycle.body, body);
      this.tellChange(message.dom.uuid.toString("hex"));
      const meaning = lifecycleEvent(message.event, message.detail);
      if (meaning !== null) this.tell({ instanceId: message.dom.name, ...meaning });
    } else if (number === events.watchdog.number) {
      this.tell({ instanceId: decode(events.watchdog.body, body).dom.name, kind: "watchdog", reason: "watchdog" });
    } else if (number === events.agent.number) {
      this.tell({ instanceId: decode(events.agent.body, body).dom.name, kind: "agent", reason: "unknown" });
    }
  }

  private tell(event: DomainEvent): void {
    this.watchers.forEach((watcher) => watcher.onEvent(event));
  }

  private tellChange(uuid: string | null): void {
    this.changeListeners.forEach((listener) => listener(uuid));
  }

  close(): void {
    this.closed = true;
    this.watchers.clear();
    if (this.retryTimer !== null) clearTimeout(this.retryTimer);
    this.control.close();
    this.work.close();
    this.heavy.close();
    for (const connection of this.dedicatedConnections) connection.close();
  }
}
