/** Guest images that the project builds from Debian packages. */
export { buildDesktopImage, cachedDesktopImage, type DesktopImage } from "./desktop";
export { installImage } from "./install";
export { buildServerImage, type ServerImage } from "./server";
export { buildTinyImage, type BuildOptions, type TinyImage } from "./tiny";
