import type { Server, Socket } from "node:net";
import { createServer } from "node:net";
import { toScreenshot } from "../picture";
import type { ScreenEndpoint, Screenshot } from "../types";
import { drawScreen } from "./guest/draw-screen";
import { RfbViewer } from "./guest/rfb";
import { Terminal } from "./guest/terminal";
import { TextScreen } from "./guest/text-screen";
import type { WorldState } from "./state";
import { runningDomain } from "./state";
import type { HostRecord } from "./types";

/** Viewers of one screen at a time; QEMU shares a screen too, but not with everybody. */
const MAX_VIEWERS = 8;

interface Screen {
  readonly server: Server;
  readonly text: TextScreen;
  readonly port: Promise<number>;
  readonly close: () => void;
}

/** The VNC listeners of a world: made when somebody asks for a screen, gone with the QEMU process. */
export class ScreenDesk {
  private readonly screens = new Map<string, Screen>();

  constructor(private readonly state: WorldState) {}

  async endpointOf(host: HostRecord, instanceId: string): Promise<ScreenEndpoint> {
    return { protocol: "vnc", host: "127.0.0.1", port: await this.screenOf(host, instanceId).port, password: null, clipboard: false };
  }

  async screenshotOf(host: HostRecord, instanceId: string): Promise<Screenshot> {
    const { text, port } = this.screenOf(host, instanceId);
    await port;
    return toScreenshot(drawScreen(text));
  }

  private screenOf(host: HostRecord, instanceId: string): Screen {
    const domain = runningDomain(host, instanceId, "The screen");
    const key = `${host.name}/${instanceId}/${domain.life}`;
    let screen = this.screens.get(key);
    if (!screen) {
      screen = this.listen(host, instanceId, key);
      this.screens.set(key, screen);
    }
    return screen;
  }

  close(): void {
    for (const screen of Array.from(this.screens.values())) screen.close();
  }

  private listen(host: HostRecord, instanceId: string, key: string): Screen {
    const domain = runningDomain(host, instanceId, "The screen");
    const sockets = new Set<Socket>();
    const viewers = new Set<RfbViewer>();
    const text = new TextScreen();
    const terminal = new Terminal(this.state, host, domain, (chunk) => {
      text.print(chunk);
      for (const viewer of viewers) viewer.refresh();
    });
    const stopTerminal = terminal.open();
    const server = createServer((socket) => {
      if (sockets.size >= MAX_VIEWERS) {
        socket.destroy();
        return;
      }
      sockets.add(socket);
      const viewer = new RfbViewer(socket, text, `${domain.spec.title} (${instanceId})`, (keys) => terminal.type(keys));
      viewers.add(viewer);
      socket.on("error", () => socket.destroy());
      socket.on("close", () => {
        sockets.delete(socket);
        viewers.delete(viewer);
      });
    });
    const close = (): void => {
      stopTerminal();
      this.screens.delete(key);
      domain.guest.ends.delete(close);
      for (const socket of sockets) socket.destroy();
      server.close();
    };
    domain.guest.ends.add(close);
    server.unref();
    const port = new Promise<number>((resolve, reject) => {
      server.once("error", reject);
      server.listen(0, "127.0.0.1", () => {
        const address = server.address();
        if (address !== null && typeof address === "object") resolve(address.port);
        else reject(new Error("The simulated screen got no port."));
      });
    });
    return { server, text, port, close };
  }
}
