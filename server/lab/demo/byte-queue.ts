/** Gives out a byte stream, which arrives in pieces of any size, in pieces of the size that is asked for. */
export class ByteQueue {
  private pieces: Buffer[] = [];
  private length = 0;
  private waiting: { readonly need: number; readonly give: (bytes: Buffer) => void; readonly fail: (error: Error) => void } | null = null;
  private error: Error | null = null;

  push(bytes: Buffer): void {
    this.pieces.push(bytes);
    this.length += bytes.length;
    this.serve();
  }

  /** No more comes: who waits, and who asks for more than there is, is told. */
  end(error: Error): void {
    this.error ??= error;
    this.waiting?.fail(this.error);
    this.waiting = null;
  }

  read(need: number): Promise<Buffer> {
    return new Promise((give, fail) => {
      if (this.length < need && this.error) fail(this.error);
      else {
        this.waiting = { need, give, fail };
        this.serve();
      }
    });
  }

  private serve(): void {
    const { waiting } = this;
    if (!waiting || this.length < waiting.need) return;
    this.waiting = null;
    const all = this.pieces.length === 1 && this.pieces[0] ? this.pieces[0] : Buffer.concat(this.pieces);
    const rest = all.subarray(waiting.need);
    this.pieces = rest.length > 0 ? [rest] : [];
    this.length = rest.length;
    waiting.give(all.subarray(0, waiting.need));
  }
}
