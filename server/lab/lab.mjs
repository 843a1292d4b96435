// `npm run lab -- ...`: installs what is missing, then runs the lab's command line.
import { checkNode, ensureDebianPackages, ensureNodeModules, runTypeScript } from "./setup.mjs";

const words = process.argv.slice(2);
checkNode();
ensureNodeModules();
if (words[0] === "up") ensureDebianPackages("lab");
if (words[0] === "image" && words[1] === "server") ensureDebianPackages("lab", "serverImage");
process.exitCode = await runTypeScript("server/lab/cli.ts", words);
