/** For which a release has the native part, as Node names them: those that its workflow builds. */
export const platforms = ['linux-x64', 'linux-arm64', 'darwin-arm64', 'darwin-x64', 'win32-x64'];
