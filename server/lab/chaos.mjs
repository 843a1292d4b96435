// `npm run chaos -- ...`: installs what is missing, then lets faults loose on the lab.
import { checkNode, ensureDebianPackages, ensureNodeModules, runTypeScript } from "./setup.mjs";

checkNode();
ensureNodeModules();
ensureDebianPackages("lab");
process.exitCode = await runTypeScript("server/lab/chaos/cli.ts", process.argv.slice(2));
