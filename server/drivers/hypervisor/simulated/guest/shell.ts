import type { GuestMachine } from "./machine";

export interface ShellResult {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

const ok = (stdout = ""): ShellResult => ({ exitCode: 0, stdout, stderr: "" });
const bad = (exitCode: number, stderr: string): ShellResult => ({ exitCode, stdout: "", stderr: `${stderr}\n` });

/** One line as a small `sh` understands it: `;`, `&&`, `||`, `|`, `>`, `>>`, and quotes. */
export function runShell(machine: GuestMachine, line: string): ShellResult {
  let stdout = "";
  let stderr = "";
  let exitCode = 0;
  let joint = ";";
  for (const part of splitOperators(tokenize(line))) {
    const skip = (joint === "&&" && exitCode !== 0) || (joint === "||" && exitCode === 0);
    if (!skip && part.words.length > 0) {
      const result = runPipeline(machine, part.words);
      stdout += result.stdout;
      stderr += result.stderr;
      exitCode = result.exitCode;
    }
    joint = part.next;
  }
  return { exitCode, stdout, stderr };
}

interface Token {
  readonly text: string;
  /** An unquoted operator. */
  readonly operator: boolean;
}

function tokenize(line: string): Token[] {
  const tokens: Token[] = [];
  const pattern = /\s*(?:(&&|\|\||>>|[;|>])|((?:"[^"]*"|'[^']*'|[^\s;|>&"'])+)|(.))/gy;
  for (let match = pattern.exec(line); match; match = pattern.exec(line)) {
    if (match[1]) tokens.push({ text: match[1], operator: true });
    else if (match[2]) tokens.push({ text: match[2].replaceAll(/"([^"]*)"|'([^']*)'/g, (_, double: string | undefined, single: string | undefined) => double ?? single ?? ""), operator: false });
  }
  return tokens;
}

function splitOperators(tokens: readonly Token[]): { words: Token[]; next: string }[] {
  const parts: { words: Token[]; next: string }[] = [{ words: [], next: ";" }];
  for (const token of tokens) {
    const last = parts[parts.length - 1];
    if (!last) break;
    if (token.operator && (token.text === ";" || token.text === "&&" || token.text === "||")) {
      last.next = token.text;
      parts.push({ words: [], next: ";" });
    } else last.words.push(token);
  }
  return parts;
}

function runPipeline(machine: GuestMachine, tokens: readonly Token[]): ShellResult {
  const stages: string[][] = [[]];
  let target: { path: string; append: boolean } | null = null;
  for (let index = 0; index < tokens.length; index++) {
    const token = tokens[index];
    if (!token) continue;
    if (token.operator && token.text === "|") stages.push([]);
    else if (token.operator) {
      index += 1;
      target = { path: tokens[index]?.text ?? "", append: token.text === ">>" };
    } else stages[stages.length - 1]?.push(token.text);
  }
  let result = ok();
  let stderr = "";
  for (const words of stages) {
    result = runCommand(machine, words, result.stdout);
    stderr += result.stderr;
  }
  if (!target) return { ...result, stderr };
  if (!target.path.startsWith("/")) return bad(2, "sh: write to an absolute path");
  const before = target.append ? (machine.readFile(target.path) ?? "") : "";
  if (before.length + result.stdout.length > 65_536) return bad(1, "sh: write error: No space left on device");
  if (target.path !== "/dev/null") machine.writeFile(target.path, before + result.stdout);
  return { exitCode: result.exitCode, stdout: "", stderr };
}

function runCommand(machine: GuestMachine, words: readonly string[], input: string): ShellResult {
  const [path = "", ...args] = words;
  const name = path.slice(path.lastIndexOf("/") + 1);
  switch (name) {
    case "sh":
    case "ash":
    case "bash":
      return args[0] === "-c" ? runShell(machine, args[1] ?? "") : ok();
    case "true":
    case ":":
      return ok();
    case "false":
      return bad(1, "");
    case "echo":
      return ok(args[0] === "-n" ? args.slice(1).join(" ") : `${args.join(" ")}\n`);
    case "printf":
      return ok((args[0] ?? "").replaceAll("\\n", "\n"));
    case "nproc":
      return ok(`${machine.vcpus}\n`);
    case "hostname":
      return ok(`${machine.hostname}\n`);
    case "uname":
      return ok(args.includes("-r") ? "6.1.0-berth-simulated\n" : "Linux\n");
    case "uptime":
      return ok(` up ${Math.floor(machine.uptimeSeconds)} seconds\n`);
    case "date":
      return ok(args.includes("+%s") ? `${Math.floor(machine.nowMs / 1000)}\n` : `${new Date(machine.nowMs).toUTCString()}\n`);
    case "free": {
      const divide = args.includes("-m") ? 1024 : 1;
      const total = Math.floor(machine.memoryTotalKiB / divide);
      const free = Math.floor(machine.memoryFreeKiB / divide);
      return ok(`       total used free\nMem: ${total} ${total - free} ${free}\n`);
    }
    case "lsblk":
      return ok(machine.disks.map((disk) => `${disk} ${machine.diskBytes(disk) ?? 0}\n`).join(""));
    case "blockdev": {
      const device = (args[1] ?? "").replace("/dev/", "");
      const bytes = machine.diskBytes(device);
      if (bytes === null) return bad(1, `blockdev: cannot open ${args[1] ?? ""}: No such file or directory`);
      return ok(`${args[0] === "--getsz" ? Math.floor(bytes / 512) : bytes}\n`);
    }
    case "sync":
      machine.sync();
      return ok();
    case "ls":
      return ok(machine.files().map((file) => `${file}\n`).join(""));
    case "rm":
      for (const file of args.filter((arg) => !arg.startsWith("-"))) {
        if (!machine.removeFile(file) && !args.includes("-f")) return bad(1, `rm: ${file}: No such file or directory`);
      }
      return ok();
    case "cat":
      return readAll(machine, args, input);
    case "wc":
    case "head":
    case "tail":
    case "grep":
      return runFilter(machine, name, args, input);
    default:
      return bad(127, `sh: ${name}: not found`);
  }
}

function readAll(machine: GuestMachine, paths: readonly string[], input: string): ShellResult {
  if (paths.length === 0) return ok(input);
  let text = "";
  for (const path of paths) {
    const content = machine.readFile(path);
    if (content === null) return bad(1, `cat: ${path}: No such file or directory`);
    text += content;
  }
  return ok(text);
}

function runFilter(machine: GuestMachine, name: string, args: readonly string[], input: string): ShellResult {
  const plain = args.filter((arg, index) => !arg.startsWith("-") && args[index - 1] !== "-n");
  const pattern = name === "grep" ? (plain.shift() ?? "") : "";
  const source = readAll(machine, plain, input);
  if (source.exitCode !== 0) return source;
  const lines = source.stdout.split("\n");
  if (lines[lines.length - 1] === "") lines.pop();
  const count = Number(args[args.indexOf("-n") + 1] ?? 10) || 10;
  const joined = (kept: readonly string[]): ShellResult => ok(kept.map((line) => `${line}\n`).join(""));
  if (name === "wc") return ok(`${args.includes("-c") ? source.stdout.length : lines.length}\n`);
  if (name === "head") return joined(lines.slice(0, args.includes("-n") ? count : 10));
  if (name === "tail") return joined(lines.slice(-(args.includes("-n") ? count : 10)));
  const found = lines.filter((line) => line.includes(pattern));
  if (args.includes("-c")) return { ...ok(`${found.length}\n`), exitCode: found.length > 0 ? 0 : 1 };
  return { ...joined(found), exitCode: found.length > 0 ? 0 : 1 };
}
