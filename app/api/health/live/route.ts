export const dynamic = "force-dynamic";

/** The process runs and answers. Asks for nothing else, so that a database's trouble does not restart the web. */
export function GET(): Response {
  return Response.json({ status: "live" }, { headers: { "cache-control": "no-store" } });
}
