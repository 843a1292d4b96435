// npm run demo: makes the machine ready, then plays server/lab/demo/demo.ts.
import { checkNode, ensureDebianPackages, ensureNodeModules, runTypeScript } from "./setup.mjs";

const args = process.argv.slice(2);
const simulated = args.join(" ").match(/--hypervisor[ =]simulated/) !== null;

checkNode();
ensureNodeModules();
if (!simulated && process.platform === "linux") ensureDebianPackages("lab");
process.exit(await runTypeScript("server/lab/demo/demo.ts", args));
