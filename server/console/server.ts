import type { IncomingMessage, Server, ServerResponse } from "node:http";
import { createServer } from "node:http";
import type { Duplex } from "node:stream";
import type { WebSocket } from "ws";
import { WebSocketServer } from "ws";
import type { Database } from "@/db/client";
import type { HostEndpoint, HypervisorDriver } from "@/server/drivers/hypervisor/types";
import type { Clock } from "@/server/platform/clock";
import { mintId } from "@/server/platform/id";
import type { Logger } from "@/server/platform/logger";
import type { Random } from "@/server/platform/random";
import { CHANGE_CHANNEL, listen } from "@/server/platform/wake";
import type { Ending } from "./close-codes";
import { CLOSE } from "./close-codes";
import type { GatewayLimits } from "./limits";
import { DEFAULT_LIMITS } from "./limits";
import { GatewayMetrics } from "./metrics";
import { RevocationWatch } from "./revocation";
import { FileSession } from "./file-session";
import { ConsoleSession, shortened } from "./session";
import { findRecorded, SessionRecord } from "./session-record";
import type { ConsoleKind, InstancePlace, RedeemedTicket } from "./store";
import { checkSessions, closeAbandonedSessions, closeSession, findPlace, noteGateway, openSession, redeemTicket } from "./store";
import { HostDirectory, openUpstream } from "./upstream";

export interface GatewayOptions {
  readonly db: Database;
  /** For LISTEN: a connection of its own to the same database. */
  readonly databaseUrl: string;
  readonly driverFor: (uri: string) => HypervisorDriver;
  /** The gateway's certificate for hosts at tls:// addresses. */
  readonly tls?: HostEndpoint["tls"];
  readonly portalOrigins: readonly string[];
  readonly bindAddress: string;
  readonly port: number;
  /** Names this gateway in `console_session`; the same after a restart, different for two gateways. */
  readonly name: string;
  readonly clock: Clock;
  readonly random: Random;
  readonly logger: Logger;
  readonly limits?: Partial<GatewayLimits>;
  /** Needed for /metrics from anywhere but this machine. */
  readonly metricsToken?: string;
  readonly processMetrics?: boolean;
}

export interface Gateway {
  readonly port: number;
  readonly openSessions: () => number;
  /** Largest amount that waits for any client of an open session, bytes. */
  readonly peakBufferedBytes: () => number;
  /** Accepts no more, closes everybody with 1001, waits for their answers for a bounded time. */
  close(): Promise<void>;
}

interface Counters {
  readonly bytesToClient: number;
  readonly bytesFromClient: number;
}

const TICKET = /^\/console\/([A-Za-z0-9_-]{43})$/;

/** Much more often than `endSilentConsoles` of server/compute takes a gateway for dead. */
const SAY_ALIVE_MS = 10_000;

/** The console gateway without its process: everything from outside comes in through `options`. */
export async function startGateway(options: GatewayOptions): Promise<Gateway> {
  const limits: GatewayLimits = { ...DEFAULT_LIMITS, ...options.limits };
  const { db, clock, logger } = options;
  const metrics = new GatewayMetrics(options.processMetrics ?? false);
  const sessions = new Map<string, ConsoleSession | FileSession>();
  const hosts = new HostDirectory(options.driverFor, options.tls);
  /** Sessions whose row is committed: a check that does not find an earlier one would take it for deleted. */
  const recorded = new Map<string, InstancePlace | null>();
  /** What is told of consoles whose pool has events recorded. */
  const records = new Map<string, SessionRecord>();
  /** Database writes of ends under way: a graceful stop waits for them. */
  const endings = new Set<Promise<void>>();
  let opening = 0;
  let draining = false;

  await noteGateway(db, options.name);
  const abandoned = await closeAbandonedSessions(db, options.name, clock.now());
  if (abandoned > 0) logger.info({ abandoned }, "closed the console sessions of this gateway's former life");

  let saidAliveAt = performance.now();
  async function sayAlive(): Promise<void> {
    if (performance.now() - saidAliveAt < SAY_ALIVE_MS) return;
    await noteGateway(db, options.name);
    saidAliveAt = performance.now();
  }

  const webSockets = new WebSocketServer({ noServer: true, maxPayload: limits.maxMessageBytes, perMessageDeflate: false, clientTracking: true });
  const revocation = new RevocationWatch({
    checkMs: limits.revocationCheckMs,
    blindMs: limits.blindMs,
    open: () => recorded,
    check: async (open) => {
      await sayAlive();
      return checkSessions(db, open, clock.now());
    },
    starts: (id) => {
      const session = sessions.get(id);
      if (session instanceof ConsoleSession) session.waits();
    },
    end: (id, ending) => sessions.get(id)?.end(ending),
    onCheckFailed: () => metrics.checkFailures.inc(),
    logger,
  });
  const stopListening = await listen({
    url: options.databaseUrl,
    channel: CHANGE_CHANNEL,
    onPayload: (payload) => revocation.notified(payload),
    onReconnect: () => revocation.hurry(),
    logger,
  });

  const refuse = (webSocket: WebSocket, why: string, ending: Ending): void => {
    metrics.refused.inc({ why });
    webSocket.close(ending.code, shortened(ending.reason));
  };

  async function serve(webSocket: WebSocket, ticket: string, kind: ConsoleKind): Promise<void> {
    const startedAt = performance.now();
    const redeemed = await redeemTicket(db, ticket, kind, clock.now());
    if (!redeemed) return refuse(webSocket, "ticket", { code: CLOSE.ticketRefused, reason: "This console ticket is used, expired or unknown. Open the console again." });
    const id = mintId("consoleSession", options);
    const onEnd = (ending: Ending, counters: Counters): void => recordEnd(id, kind, ending, counters);
    const session =
      kind === "files"
        ? new FileSession(webSocket, { id, way: redeemed.fileWay ?? "list", name: redeemed.fileName ?? "", bytes: redeemed.fileBytes ?? 0, onEnd })
        : new ConsoleSession(webSocket, { id, kind, rules: redeemed, limits: redeemed.idleSeconds === null ? limits : { ...limits, idleMs: redeemed.idleSeconds * 1_000 }, onClipboardFailed: (error) => logger.debug({ instanceId: redeemed.instanceId, error: String(error) }, "the clipboard of a machine could not be asked"), onEnd });
    sessions.set(id, session);
    metrics.open.inc({ kind });
    try {
      await openSession(db, sessionRow(id, redeemed));
      if (!sessions.has(id)) return await writeEnd(id);
      recorded.set(id, null);
      const [place, recordedAs] = await Promise.all([findPlace(db, redeemed.instanceId), findRecorded(db, id, redeemed)]);
      const ending = (await checkSessions(db, new Map([[id, place]]), clock.now())).endings.get(id);
      if (ending) return session.end(ending);
      if (!place) return session.end({ code: CLOSE.upstreamUnavailable, reason: "The machine has no place on a host now. It is being placed, or waits for capacity." });
      if (recorded.has(id)) recorded.set(id, place);
      if (recordedAs && sessions.has(id)) {
        const record = new SessionRecord(options, id, redeemed, recordedAs, limits.recordMs);
        records.set(id, record);
        record.opened();
        if (session instanceof ConsoleSession) session.recordTo((event) => record.note(event));
      }
      if (session instanceof FileSession) return await session.run(hosts.at(place), redeemed.instanceId);
      await session.run(await openUpstream(hosts.at(place), redeemed.instanceId, session.kind, limits.upstreamMs, wantsClipboard(redeemed)));
      metrics.openSeconds.observe((performance.now() - startedAt) / 1000);
    } catch (error) {
      logger.info({ instanceId: redeemed.instanceId, error: error instanceof Error ? error.message : String(error) }, "the machine's console could not be reached");
      session.end({ code: CLOSE.upstreamUnavailable, reason: "The machine's console cannot be reached now; it may be starting or moving." });
    }
  }

  function sessionRow(id: string, ticket: RedeemedTicket): Parameters<typeof openSession>[1] {
    const { organizationId, instanceId, userId, userSessionId, kind, viewOnly, desktopSessionId } = ticket;
    return { id, organizationId, instanceId, userId, userSessionId, kind, viewOnly, desktopSessionId, gateway: options.name, startedAt: clock.now() };
  }

  function recordEnd(id: string, kind: string, ending: Ending, counters: Counters): void {
    sessions.delete(id);
    metrics.open.dec({ kind });
    metrics.ended.inc({ code: String(ending.code) });
    metrics.bytes.inc({ direction: "to-client" }, counters.bytesToClient);
    metrics.bytes.inc({ direction: "from-client" }, counters.bytesFromClient);
    const record = records.get(id);
    records.delete(id);
    if (record) keep(record.close(ending, counters));
    if (!recorded.delete(id)) return;
    keep(writeEnd(id, ending.reason, counters));
  }

  function keep(work: Promise<void>): void {
    const written: Promise<void> = work.finally(() => endings.delete(written));
    endings.add(written);
  }

  /** Without counters: the client left before its session was written down. */
  async function writeEnd(id: string, reason = "the client left", counters: Counters = { bytesToClient: 0, bytesFromClient: 0 }): Promise<void> {
    try {
      await closeSession(db, id, { now: clock.now(), reason, ...counters });
    } catch (error) {
      logger.error({ consoleSessionId: id, error: String(error) }, "the end of a console session could not be written");
    }
  }

  function upgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void {
    socket.on("error", () => socket.destroy());
    const url = new URL(request.url ?? "/", "http://gateway");
    const ticket = TICKET.exec(url.pathname)?.[1];
    const kind = url.searchParams.get("kind");
    const origin = request.headers.origin;
    if (!ticket || !isKind(kind)) return turnAway(socket, metrics, "address", "404 Not Found", "Open /console/TICKET?kind=vnc, kind=serial or kind=files.");
    if (origin === undefined || !options.portalOrigins.includes(origin)) {
      logger.warn({ origin }, "a console was asked for from a page that is not the portal");
      return turnAway(socket, metrics, "origin", "403 Forbidden", "Consoles open from the portal's own pages only.");
    }
    if (draining) return turnAway(socket, metrics, "draining", "503 Service Unavailable", "The gateway is stopping; try again.");
    webSockets.handleUpgrade(request, socket, head, (webSocket) => {
      webSocket.on("error", (error) => logger.debug({ error: error.message }, "websocket error"));
      if (sessions.size + opening >= limits.maxSessions) return refuse(webSocket, "busy", { code: CLOSE.busy, reason: "This gateway has no room for another console now." });
      opening += 1;
      serve(webSocket, ticket, kind)
        .catch((error: unknown) => {
          logger.error({ error: String(error) }, "a console could not be opened");
          refuse(webSocket, "error", { code: CLOSE.upstreamUnavailable, reason: "The console could not be opened now. Try again." });
        })
        .finally(() => {
          opening -= 1;
        });
    });
  }

  const server = createServer((request, response) => {
    answer(request, response).catch((error: unknown) => {
      logger.error({ error: String(error) }, "a request to the gateway failed");
      if (!response.headersSent) response.writeHead(500);
      response.end();
    });
  });
  server.on("upgrade", upgrade);

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const { pathname } = new URL(request.url ?? "/", "http://gateway");
    if (pathname === "/health") return health(response);
    if (pathname === "/metrics" && mayReadMetrics(request, options.metricsToken)) {
      response.writeHead(200, { "content-type": metrics.registry.contentType });
      response.end(await metrics.registry.metrics());
      return;
    }
    response.writeHead(404, { "content-type": "text/plain" });
    response.end("Not here.\n");
  }

  async function health(response: ServerResponse): Promise<void> {
    const database = await db.pool.query("select 1").then(
      () => true,
      () => false,
    );
    const ready = database && !draining;
    response.writeHead(ready ? 200 : 503, { "content-type": "application/json" });
    response.end(JSON.stringify({ live: true, ready, database, draining, sessions: sessions.size }));
  }

  const port = await listenOn(server, options);
  return {
    port,
    openSessions: () => sessions.size,
    peakBufferedBytes: () => Math.max(0, ...[...sessions.values()].map((session) => session.peakBufferedBytes)),
    async close() {
      if (draining) return;
      draining = true;
      const stopped = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const session of Array.from(sessions.values())) session.end({ code: CLOSE.goingAway, reason: "The console gateway is being restarted." });
      server.closeIdleConnections();
      const late = setTimeout(() => {
        for (const webSocket of webSockets.clients) webSocket.terminate();
        server.closeAllConnections();
      }, limits.drainMs);
      await stopped;
      clearTimeout(late);
      await revocation.stop();
      await stopListening();
      await Promise.all(endings);
      await hosts.close();
    },
  };
}

function isKind(kind: string | null): kind is ConsoleKind {
  return kind === "vnc" || kind === "serial" || kind === "files";
}

/** A desktop is shared with its person's clipboard as far as its pool allows; an ordinary screen has none. */
function wantsClipboard({ desktopSessionId, viewOnly, clipboardIn, clipboardOut }: RedeemedTicket): boolean {
  return desktopSessionId !== null && !viewOnly && (clipboardIn || clipboardOut);
}

function turnAway(socket: Duplex, metrics: GatewayMetrics, why: string, status: string, text: string): void {
  metrics.refused.inc({ why });
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: text/plain\r\nContent-Length: ${Buffer.byteLength(text)}\r\n\r\n${text}`);
}

function mayReadMetrics(request: IncomingMessage, token: string | undefined): boolean {
  if (token !== undefined) return request.headers.authorization === `Bearer ${token}`;
  const from = request.socket.remoteAddress ?? "";
  return from === "::1" || from.replace("::ffff:", "").startsWith("127.");
}

function listenOn(server: Server, options: Pick<GatewayOptions, "port" | "bindAddress">): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(options.port, options.bindAddress, () => {
      const address = server.address();
      if (address !== null && typeof address === "object") resolve(address.port);
      else reject(new Error("The console gateway got no port to listen on."));
    });
  });
}
