import { describe, expect, it } from "vitest";
import { PERSONAL_OUTCOMES, type GuestPersonality } from "@/server/drivers/hypervisor/types";
import type { ContractKit } from "./contract-memory";

const JAPANESE: GuestPersonality = { hostName: "design-7", timeZone: "Asia/Tokyo", timeSeconds: null, fullName: "青井 Aoi", locale: "ja_JP.UTF-8", keyboard: "jp" };

/** Who a guest is and whose, through the guest's agent. A guest that has no tools for a part says so, and the others hold. */
export function personalityContract({ first, prepare, agentAnswers, guestRun }: ContractKit): void {
  describe("personality", () => {
    it("tells a guest its person's language, keyboard and name as far as it has what that needs, and the same twice", async () => {
      const host = first();
      const spec = await prepare();
      const { instanceId } = spec;
      await expect(host.personaliseGuest(instanceId, JAPANESE, { timeoutMs: 1_000 })).rejects.toMatchObject({ name: "DriverError" });
      await host.startDomain(spec);
      await agentAnswers(host, instanceId);
      const report = await host.personaliseGuest(instanceId, JAPANESE);
      expect(Object.keys(report).toSorted()).toEqual(["fullName", "hostName", "keyboard", "locale", "timeZone"]);
      expect(PERSONAL_OUTCOMES).toEqual(expect.arrayContaining(Object.values(report)));
      expect(report.hostName).toBe("applied");
      // Either it is there, or the guest said why not, and then nothing of it is there.
      const holds = { locale: ["/etc/default/locale", "LANG=ja_JP.UTF-8"], keyboard: ["/etc/default/keyboard", "XKBLAYOUT=jp"], fullName: ["/etc/passwd", "青井 Aoi"], timeZone: ["/etc/timezone", "Asia/Tokyo"] } as const;
      for (const part of ["locale", "keyboard", "fullName", "timeZone"] as const) {
        const [file, line] = holds[part];
        expect((await guestRun(host, instanceId, `cat ${file} || true`)).includes(line), `${part}: ${report[part]}`).toBe(report[part] === "applied");
      }
      expect(await host.personaliseGuest(instanceId, JAPANESE)).toEqual(report);
      await host.stopDomain(instanceId, "destroy");
    });
  });
}
