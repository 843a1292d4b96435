/** Guest images that the project builds from Debian packages. */
export { installImage } from "./install";
export { buildTinyImage, type BuildOptions, type TinyImage } from "./tiny";
