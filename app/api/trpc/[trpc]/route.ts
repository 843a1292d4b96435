import { fetchRequestHandler } from "@trpc/server/adapters/fetch";
import { apiContextOf, isForeignOrigin, REQUEST_ID_HEADER, requestIdOf } from "@/app/_runtime/request";
import { runtime } from "@/app/_runtime";
import { toTRPCError } from "@/server/api/errors";
import { appRouter } from "@/server/api/root";

export const dynamic = "force-dynamic";

const ENDPOINT = "/api/trpc";
/** The largest input is an instance's user-data (64 KiB) in a batch; images have their own way in. */
const MAX_BODY_BYTES = 1_048_576;
/** A page asks for a dozen things at once; hundreds in one request are somebody's program. */
const MAX_BATCH = 30;

function refusal(status: number, message: string, requestId: string): Response {
  return Response.json({ error: { message } }, { status, headers: { [REQUEST_ID_HEADER]: requestId } });
}

async function handle(request: Request): Promise<Response> {
  const requestId = requestIdOf(request.headers);
  const { logger } = runtime();
  if (request.method === "POST" && isForeignOrigin(request)) return refusal(403, "The request came from a page of another site and was refused. Send it from the portal.", requestId);
  if (Number(request.headers.get("content-length") ?? 0) > MAX_BODY_BYTES) return refusal(413, `The request is larger than ${MAX_BODY_BYTES} bytes and was refused.`, requestId);
  const path = new URL(request.url).pathname.slice(ENDPOINT.length + 1);
  if (path.split(",").length > MAX_BATCH) return refusal(400, `More than ${MAX_BATCH} calls in one request were refused. Send them in several.`, requestId);
  return fetchRequestHandler({
    endpoint: ENDPOINT,
    req: request,
    router: appRouter,
    createContext: async () => {
      try {
        return await apiContextOf(request, requestId, { live: path === "live.changes" });
      } catch (error) {
        const outward = toTRPCError(error, requestId);
        logger.error({ requestId, code: outward.code, err: error }, "a request's session could not be read");
        throw outward;
      }
    },
    responseMeta: () => ({ headers: new Headers([[REQUEST_ID_HEADER, requestId], ["cache-control", "no-store"]]) }),
    // The ladder logs what a procedure threw; what never reached one (no such procedure, a body that is no JSON) is logged here.
    onError: ({ error, path: procedure, ctx }) => {
      if (!ctx || error.code === "NOT_FOUND" || error.code === "PARSE_ERROR") logger.info({ requestId, procedure, code: error.code }, "request refused before a procedure");
    },
  });
}

export { handle as GET, handle as POST };
