import { createHash, timingSafeEqual } from "node:crypto";
import { runtime } from "@/app/_runtime";
import { renderMetrics } from "@/app/_runtime/metrics";

export const dynamic = "force-dynamic";

const digest = (text: string): Buffer => createHash("sha256").update(text).digest();

/** Prometheus' text, for whoever holds METRICS_TOKEN (`Authorization: Bearer …`); off while no token is set. */
export async function GET(request: Request): Promise<Response> {
  const token = runtime().env.METRICS_TOKEN;
  if (!token) return new Response("Metrics are off. Set METRICS_TOKEN and ask with it as a bearer token.\n", { status: 404 });
  // Equal lengths by hashing, so that the comparison's time says nothing of the token.
  const given = request.headers.get("authorization") ?? "";
  if (!timingSafeEqual(digest(given), digest(`Bearer ${token}`))) return new Response("The bearer token is missing or wrong.\n", { status: 401, headers: { "www-authenticate": "Bearer" } });
  const { text, contentType } = await renderMetrics();
  return new Response(text, { headers: { "content-type": contentType, "cache-control": "no-store" } });
}
