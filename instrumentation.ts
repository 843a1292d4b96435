/** Called by Next once in each server process, never while building. */
export async function register(): Promise<void> {
  if (process.env["NEXT_RUNTIME"] !== "nodejs" || process.env["NEXT_PHASE"] === "phase-production-build") return;
  const { startProcess } = await import("./app/_runtime/shutdown");
  startProcess();
}
