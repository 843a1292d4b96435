import { runtime } from "@/app/_runtime";

export const dynamic = "force-dynamic";

const PROBE_TIMEOUT_MS = 2_000;
const HEADERS = { "cache-control": "no-store" };

/** Requests can be served: the database answers as the role of the web, with its schema, and nobody asked to stop. */
export async function GET(): Promise<Response> {
  const { db, draining, logger } = runtime();
  if (draining) return Response.json({ status: "draining" }, { status: 503, headers: HEADERS });
  let timer: NodeJS.Timeout | undefined;
  try {
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`the database did not answer within ${PROBE_TIMEOUT_MS} ms`)), PROBE_TIMEOUT_MS);
    });
    await Promise.race([db.pool.query("select from organization limit 1"), late]);
    return Response.json({ status: "ready" }, { headers: HEADERS });
  } catch (error) {
    logger.warn({ err: error }, "not ready");
    return Response.json({ status: "unavailable", database: "does not answer" }, { status: 503, headers: HEADERS });
  } finally {
    clearTimeout(timer);
  }
}
