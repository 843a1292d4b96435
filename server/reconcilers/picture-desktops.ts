import { keepPicture, listDuePictures, type DuePicture } from "@/server/desktop";
import { DriverError } from "@/server/drivers/errors";
import { readFleet } from "@/server/fleet";
import type { LoopDefinition, Pass } from "./types";

const PERIOD_MS = 10_000;
/** While somebody looks. */
const LOOKED_AT_MS = 2_000;
/** Wide enough to tell a terminal from a text, and not to read somebody's letter. */
const WIDTH_PIXELS = 320;

/** Takes small pictures of desktops while somebody who runs their pool looks at it, and none otherwise. */
export const pictureDesktopsLoop: LoopDefinition = {
  name: "picture-desktops",
  periodMs: PERIOD_MS,
  async pass(pass) {
    const due = await listDuePictures(pass.context);
    if (due.length === 0) return { backlog: 0 };
    const fleet = await readFleet(pass.context);
    for (const one of due) {
      const host = fleet.hosts.get(fleet.allocations.get(one.instanceId)?.hostId ?? "");
      if (host) pass.background(one.desktopId, () => take(pass, one, host));
    }
    return { backlog: due.length, againInMs: LOOKED_AT_MS };
  },
};

async function take(pass: Pass, due: DuePicture, host: Parameters<Pass["machines"]["host"]>[0]): Promise<void> {
  try {
    const { pngBase64 } = await pass.machines.host(host).screenshot(due.instanceId, { widthPixels: WIDTH_PIXELS });
    await keepPicture(pass.context, due, pngBase64);
  } catch (error) {
    // A machine that moves or goes off has no picture now; the next pass asks again.
    if (!(error instanceof DriverError)) throw error;
    pass.context.logger.debug({ desktopId: due.desktopId, code: error.code }, "a desktop's picture could not be taken");
  }
}
