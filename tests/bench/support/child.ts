import { fork } from "node:child_process";
import { fileURLToPath } from "node:url";

interface Message {
  readonly value?: number;
  readonly address?: string;
  readonly ready?: boolean;
  readonly error?: string;
}

export interface Child {
  readonly first: Message;
  ask(question: string): Promise<number>;
  end(): void;
}

/** Starts a script of this folder as a process of its own and waits for its first message; it ends with this process. */
export async function startChild(name: string, args: readonly string[]): Promise<Child> {
  const child = fork(fileURLToPath(new URL(name, import.meta.url)), args, { execArgv: ["--import", "tsx"], stdio: ["ignore", "inherit", "inherit", "ipc"] });
  const next = (): Promise<Message> =>
    new Promise((resolve, reject) => {
      const gone = (code: number | null): void => reject(new Error(`${name} ended with ${code} before it answered.`));
      child.once("exit", gone);
      child.once("message", (message: Message) => {
        child.off("exit", gone);
        if (message.error === undefined) resolve(message);
        else reject(new Error(`${name}: ${message.error}`));
      });
    });
  return {
    first: await next(),
    async ask(question) {
      const answer = next();
      child.send(question);
      return (await answer).value ?? Number.NaN;
    },
    end: () => child.disconnect(),
  };
}
