import { apiContextOf, REQUEST_ID_HEADER, requestIdOf } from "@/app/_runtime/request";
import { runtime } from "@/app/_runtime";
import { scoped, type ApiContext } from "@/server/api/context";
import { problemOf, toTRPCError } from "@/server/api/errors";
import { readEvidence, readInvoiceCsv, readInvoiceForStaff, readInvoicePdf, type InvoiceFile } from "@/server/billing";
import type { Context } from "@/server/platform/context";
import { notFound, Problem } from "@/server/platform/errors";
import { roleAllows, staffAllows } from "@/server/tenancy";

export const dynamic = "force-dynamic";

const STATUS: Readonly<Record<string, number>> = { "bad-input": 400, unauthenticated: 401, forbidden: 403, "not-found": 404, unavailable: 503 };

/** Hands out one file of an issued invoice: pdf (?locale=en|ja), csv, or evidence. The session's organizations decide whose it may be. */
export async function GET(request: Request, { params }: { readonly params: Promise<{ readonly invoiceId: string; readonly file: string }> }): Promise<Response> {
  const requestId = requestIdOf(request.headers);
  const headers = { [REQUEST_ID_HEADER]: requestId, "cache-control": "private, no-store", "x-content-type-options": "nosniff" };
  try {
    const { invoiceId, file } = await params;
    const api = await apiContextOf(request, requestId);
    const found = await readAs(await contextsOf(api, invoiceId), invoiceId, file, new URL(request.url).searchParams.get("locale") === "ja" ? "ja" : "en");
    const body = typeof found.body === "string" ? found.body : new Uint8Array(found.body);
    return new Response(body, { headers: { ...headers, "content-type": found.type, "content-disposition": `attachment; filename="${found.name.replace(/[^A-Za-z0-9._-]/g, "_")}"` } });
  } catch (error) {
    const problem = problemOf(toTRPCError(error, requestId));
    if (problem.code === "internal") runtime().logger.error({ requestId, err: error }, "a file of an invoice could not be made");
    return Response.json({ problem }, { status: STATUS[problem.code] ?? 500, headers });
  }
}

/** The caller's organizations in which its role may see money; of our own staff, the one that the invoice belongs to. */
async function contextsOf(api: ApiContext, invoiceId: string): Promise<(Context & { readonly organizationId: string })[]> {
  if (!api.session) throw new Problem("unauthenticated", "You are not signed in, or the session is over. Sign in and try again.");
  const { user, memberships } = api.session;
  if (user.operatorRole !== null && staffAllows(user.operatorRole, "auditor")) {
    const context = scoped(api, { kind: "operator", id: user.id }, "provider", null);
    const { invoice } = await readInvoiceForStaff(context, { invoiceId });
    return [{ ...context, organizationId: invoice.organizationId }];
  }
  return memberships.filter(({ role }) => roleAllows(role, "billing")).map(({ organizationId }) => ({ ...scoped(api, { kind: "user", id: user.id }, "tenant", organizationId), organizationId }));
}

/** From the organization that the invoice belongs to; foreign and missing are one answer. */
async function readAs(contexts: readonly (Context & { readonly organizationId: string })[], invoiceId: string, file: string, locale: "en" | "ja"): Promise<InvoiceFile> {
  for (const context of contexts) {
    const ref = { organizationId: context.organizationId, invoiceId };
    try {
      if (file === "pdf") return await readInvoicePdf(context, { ...ref, locale });
      if (file === "csv") return await readInvoiceCsv(context, ref);
      if (file === "evidence") return { name: `${invoiceId}.evidence.json`, type: "application/json", body: await readEvidence(context, ref) };
    } catch (error) {
      if (!(error instanceof Problem) || error.code !== "not-found") throw error;
    }
  }
  throw notFound("file of the invoice", `${invoiceId}/${file}`);
}
