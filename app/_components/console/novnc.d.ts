/** The package's own entry; @types/novnc__novnc describes the path of older versions. */
declare module "@novnc/novnc" {
  import RFB from "@novnc/novnc/lib/rfb";
  export default RFB;
}
