import { createServer, type Server, type ServerResponse } from "node:http";
import { createServer as createTlsServer } from "node:https";
import type { AddressInfo } from "node:net";

export interface RedfishBehaviour {
  sessions: boolean;
  /** The state changes this long after the command; it says PoweringOn or PoweringOff meanwhile. */
  delayMs: number;
  /** Takes commands and does nothing. */
  lies: boolean;
  /** Accepts connections and never answers. */
  hangs: boolean;
  watts: number | null;
}

export interface RedfishService {
  readonly url: string;
  readonly behaviour: RedfishBehaviour;
  readonly requests: string[];
  state: "On" | "Off" | "PoweringOn" | "PoweringOff";
  dropSessions(): void;
  close(): Promise<void>;
}

/** A small Redfish service after DSP0266: sessions or basic authentication, one system, state changes that take time. */
export async function startRedfish(tls?: { key: string; cert: string }): Promise<RedfishService> {
  const tokens = new Set<string>();
  const requests: string[] = [];
  const behaviour: RedfishBehaviour = { sessions: true, delayMs: 150, lies: false, hangs: false, watts: 142 };
  const basic = `Basic ${Buffer.from("admin:secret").toString("base64")}`;
  const send = (response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) => response.writeHead(status, { "content-type": "application/json", ...headers }).end(JSON.stringify(body));
  const handler: Parameters<typeof createServer>[1] = (request, response) => {
    requests.push(`${request.method} ${request.url}`);
    if (behaviour.hangs) return;
    let text = "";
    request.on("data", (chunk: Buffer) => (text += chunk.toString()));
    request.on("end", () => {
      const body = text === "" ? {} : (JSON.parse(text) as Record<string, string>);
      if (request.url === "/redfish/v1/SessionService/Sessions") {
        if (!behaviour.sessions) return send(response, 404, {});
        if (body["UserName"] !== "admin" || body["Password"] !== "secret") return send(response, 401, { error: { code: "Base.1.0.NoValidSession" } });
        const token = `token-${tokens.size + 1}`;
        tokens.add(token);
        return send(response, 201, {}, { "x-auth-token": token });
      }
      const token = request.headers["x-auth-token"];
      if (!(typeof token === "string" && tokens.has(token)) && request.headers.authorization !== basic) return send(response, 401, {});
      if (request.method === "GET" && request.url === "/redfish/v1/Systems/node-1") {
        return send(response, 200, { PowerState: service.state, Actions: { "#ComputerSystem.Reset": { target: "/redfish/v1/Systems/node-1/Actions/Reset" } }, Links: { Chassis: [{ "@odata.id": "/redfish/v1/Chassis/1" }] } });
      }
      if (request.method === "POST" && request.url === "/redfish/v1/Systems/node-1/Actions/Reset") {
        const end = body["ResetType"] === "ForceOff" || body["ResetType"] === "GracefulShutdown" ? "Off" : body["ResetType"] === "On" ? "On" : null;
        if (end === null) return send(response, 400, {});
        if (!behaviour.lies) {
          service.state = end === "Off" ? "PoweringOff" : "PoweringOn";
          setTimeout(() => (service.state = end), behaviour.delayMs);
        }
        return send(response, 202, {});
      }
      if (request.url === "/redfish/v1/Chassis/1/Power" && behaviour.watts !== null) return send(response, 200, { PowerControl: [{ PowerConsumedWatts: behaviour.watts }] });
      return send(response, 404, {});
    });
  };
  const server: Server = tls ? createTlsServer(tls, handler) : createServer(handler);
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  const service: RedfishService = {
    url: `${tls ? "https" : "http"}://127.0.0.1:${port}`,
    behaviour,
    requests,
    state: "On",
    dropSessions: () => tokens.clear(),
    close: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
  return service;
}
