import { Readable } from "node:stream";
import type { ReadableStream as NodeReadableStream } from "node:stream/web";
import { apiContextOf, isForeignOrigin, REQUEST_ID_HEADER, requestIdOf } from "@/app/_runtime/request";
import { runtime } from "@/app/_runtime";
import { scoped, type ApiContext } from "@/server/api/context";
import { toTRPCError, problemOf } from "@/server/api/errors";
import { receiveUpload, type ImageView } from "@/server/compute";
import { qemuImgInspector } from "@/server/drivers/disk-image";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { roleAllows, staffAllows } from "@/server/tenancy";

export const dynamic = "force-dynamic";

const STATUS: Readonly<Record<string, number>> = { "bad-input": 400, unauthenticated: 401, forbidden: 403, "not-found": 404, conflict: 409, unavailable: 503 };

/** Takes the file of an image whose upload was begun (images.beginUpload): the raw bytes as the body, the session as a cookie. */
export async function PUT(request: Request, { params }: { readonly params: Promise<{ readonly imageId: string }> }): Promise<Response> {
  const requestId = requestIdOf(request.headers);
  const headers = { [REQUEST_ID_HEADER]: requestId, "cache-control": "no-store" };
  try {
    if (isForeignOrigin(request)) throw new Problem("forbidden", "The request came from a page of another site and was refused. Send it from the portal.");
    if (!request.body) throw new Problem("bad-input", "The request has no body. Send the file's bytes as the body.");
    const { imageId } = await params;
    const body = Readable.fromWeb(request.body as NodeReadableStream);
    const image = await receiveAs(contextsOf(await apiContextOf(request, requestId)), imageId, body);
    return Response.json({ imageId: image.id, status: image.status, virtualSizeMiB: image.virtualSizeMiB }, { headers });
  } catch (error) {
    const problem = problemOf(toTRPCError(error, requestId));
    if (problem.code === "internal") runtime().logger.error({ requestId, err: error }, "an upload failed");
    return Response.json({ problem }, { status: STATUS[problem.code] ?? 500, headers });
  }
}

/** In whose name the caller may send images: each organization where its role allows it, and the provider's. */
function contextsOf(api: ApiContext): Context[] {
  if (!api.session) throw new Problem("unauthenticated", "You are not signed in, or the session is over. Sign in and try again.");
  const { user, memberships } = api.session;
  const own = memberships.filter(({ role }) => roleAllows(role, "operator")).map(({ organizationId }) => scoped(api, { kind: "user", id: user.id }, "tenant", organizationId));
  const staff = user.operatorRole !== null && staffAllows(user.operatorRole, "admin") ? [scoped(api, { kind: "operator", id: user.id }, "provider", null)] : [];
  return [...own, ...staff];
}

/** The first context that the image belongs to takes the file; the body is touched by no other. */
async function receiveAs(contexts: readonly Context[], imageId: string, body: Readable): Promise<ImageView> {
  for (const context of contexts) {
    try {
      return await receiveUpload(context, { imageId, body, directory: runtime().env.IMAGE_UPLOAD_DIRECTORY, inspector: qemuImgInspector });
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "not-found") throw error;
    }
  }
  throw notFound("image", imageId);
}
