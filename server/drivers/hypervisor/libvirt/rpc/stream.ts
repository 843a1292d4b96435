import { Duplex } from "node:stream";
import { DriverError } from "../../../errors";
import { LibvirtError } from "../errors";
import type { RpcCallOptions, RpcConnection } from "./connection";
import { type Frame, MESSAGE_STATUS } from "./frame";
import type { Procedure } from "./procedures";
import { remoteError } from "./structures";
import { decode } from "./xdr";

/** One packet's payload; the protocol's older limit, which every libvirtd takes, bytes. */
const MAX_PACKET_BYTES = 262_120;

/**
 * A libvirt stream (console, volume content) as a Node Duplex. It owns its connection: the host has no flow control
 * for one stream, so a slow reader must be able to stop the whole socket without stopping other calls.
 */
export class RpcStream extends Duplex {
  private serial = 0;
  private finished: { resolve(): void; reject(error: DriverError): void } | null = null;

  private constructor(
    private readonly connection: RpcConnection,
    private readonly procedure: Procedure<never, void>,
  ) {
    // When the host has said its last word there is nobody left to write to.
    super({ allowHalfOpen: false, highWaterMark: MAX_PACKET_BYTES });
  }

  static async open<Args>(connection: RpcConnection, procedure: Procedure<Args, void>, args: Args, options: RpcCallOptions): Promise<RpcStream> {
    const stream = new RpcStream(connection, procedure as Procedure<never, void>);
    const early: Frame[] = [];
    let ready = false;
    stream.serial = await connection.openStream(procedure, args, options, {
      packet: (frame) => (ready ? stream.packet(frame) : void early.push(frame)),
      lost: (error) => stream.lost(error),
    });
    ready = true;
    for (const frame of early) stream.packet(frame);
    return stream;
  }

  private packet(frame: Frame): void {
    if (frame.header.status === MESSAGE_STATUS.error) {
      const error = new LibvirtError(this.procedure.name, this.connection.endpoint.uri, decode(remoteError, frame.body));
      this.lost(error);
      return;
    }
    if (frame.header.status === MESSAGE_STATUS.ok) {
      this.connection.forgetStream(this.serial);
      this.finished?.resolve();
      this.finished = null;
      this.push(null);
      return;
    }
    // An empty packet is the host's end of file.
    if (frame.body.length === 0) this.push(null);
    else if (!this.push(Buffer.from(frame.body))) this.connection.pauseReading();
  }

  private lost(error: DriverError): void {
    this.finished?.reject(error);
    this.finished = null;
    if (!this.destroyed) this.destroy(error);
  }

  override _read(): void {
    this.connection.resumeReading();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, callback: (error?: Error | null) => void): void {
    let flowing = true;
    for (let offset = 0; offset < chunk.length; offset += MAX_PACKET_BYTES) {
      flowing = this.connection.sendStream(this.procedure, this.serial, MESSAGE_STATUS.continue, chunk.subarray(offset, offset + MAX_PACKET_BYTES));
    }
    if (flowing || !this.connection.isOpen) callback();
    else this.connection.drained(() => callback());
  }

  /** Says that all is sent and waits until the host confirms that all was taken. */
  finish(timeoutMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.finished = null;
        reject(new DriverError("timeout", `${this.procedure.name} on ${this.connection.endpoint.uri}: the end of the data was not confirmed within ${timeoutMs} ms`, { timeoutMs }));
      }, timeoutMs);
      this.finished = {
        resolve: () => {
          clearTimeout(timer);
          resolve();
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      };
      this.connection.sendStream(this.procedure, this.serial, MESSAGE_STATUS.ok, Buffer.alloc(0));
    });
  }

  override _destroy(error: Error | null, callback: (error?: Error | null) => void): void {
    // Closing the connection makes libvirtd drop the stream and free the device.
    this.connection.forgetStream(this.serial);
    this.connection.close();
    callback(error);
  }
}
