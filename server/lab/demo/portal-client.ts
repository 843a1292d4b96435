import { createTRPCClient, httpBatchLink, type TRPCClient } from "@trpc/client";
import superjson from "superjson";
import type { AppRouter } from "@/server/api/root";

/** A person at the portal's front door: signs in over HTTP as a browser does, and calls procedures with the cookie. */
export class PortalClient {
  private readonly cookies = new Map<string, string>();
  readonly api: TRPCClient<AppRouter>;

  constructor(private readonly origin: string) {
    this.api = createTRPCClient<AppRouter>({
      links: [httpBatchLink({ url: `${origin}/api/trpc`, transformer: superjson, headers: () => ({ cookie: this.cookieHeader(), origin }) })],
    });
  }

  /** Through next-auth's own routes: token against forgery, then the credentials. @throws Error when refused. */
  async signIn(email: string, password: string): Promise<void> {
    const { csrfToken } = (await (await this.fetch("/api/auth/csrf")).json()) as { csrfToken: string };
    const body = new URLSearchParams({ csrfToken, email, password, json: "true", callbackUrl: this.origin });
    const response = await this.fetch("/api/auth/callback/credentials", { method: "POST", body, headers: { "content-type": "application/x-www-form-urlencoded" } });
    const session = (await (await this.fetch("/api/auth/session")).json()) as { user?: { email?: string } };
    if (session.user?.email !== email) throw new Error(`Signing in as ${email} was refused (HTTP ${response.status}).`);
  }

  cookieHeader(): string {
    return [...this.cookies].map(([name, value]) => `${name}=${value}`).join("; ");
  }

  async fetch(path: string, init: { readonly method?: string; readonly body?: URLSearchParams; readonly headers?: Readonly<Record<string, string>> } = {}): Promise<Response> {
    const response = await fetch(new URL(path, this.origin), { ...init, redirect: "manual", headers: { ...init.headers, cookie: this.cookieHeader(), origin: this.origin } });
    for (const line of response.headers.getSetCookie()) {
      const [pair = ""] = line.split(";");
      const at = pair.indexOf("=");
      this.cookies.set(pair.slice(0, at), pair.slice(at + 1));
    }
    return response;
  }
}
