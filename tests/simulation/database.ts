import { inject } from "vitest";
import { copySimDatabase, type SimDatabaseServer } from "@/server/lab/sim/server";
import { TEMPLATE_DATABASE, TEST_PASSWORD } from "../support/global-setup";

/** A database for simulations, on the server that all tests share. */
export function simTestDatabase(): Promise<SimDatabaseServer> {
  const base = inject("postgresUrl");
  const url = (database: string, role?: { readonly name: string; readonly password: string }): string => {
    const address = new URL(base);
    address.pathname = `/${database}`;
    if (role) {
      address.username = role.name;
      address.password = encodeURIComponent(role.password);
    }
    return address.href;
  };
  return copySimDatabase({ url, template: TEMPLATE_DATABASE, password: TEST_PASSWORD });
}
