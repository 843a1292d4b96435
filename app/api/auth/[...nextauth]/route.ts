import NextAuth from "next-auth";
import type { NextRequest } from "next/server";
import { authOptions } from "@/app/_runtime/auth-options";
import { REQUEST_ID_HEADER, requestIdOf } from "@/app/_runtime/request";

interface Segment {
  readonly params: Promise<{ nextauth: string[] }>;
}

/** Sign-in, sign-out, CSRF token and the session, by next-auth; a request's options carry its id and its caller. */
async function handle(request: NextRequest, segment: Segment): Promise<Response> {
  const requestId = requestIdOf(request.headers);
  const answer: unknown = await NextAuth(request, segment, authOptions(requestId, request.headers));
  if (!(answer instanceof Response)) throw new Error("next-auth gave no answer");
  answer.headers.set(REQUEST_ID_HEADER, requestId);
  return answer;
}

export { handle as GET, handle as POST };
