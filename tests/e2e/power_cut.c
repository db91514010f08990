/* A disk that loses what was not synced, for tests: preloaded into a post.
 *
 * Each fsync or fdatasync of a file under POWER_ROOT leaves its bytes in POWER_SHADOW, that of a
 * directory its names; what stands there is what a power cut leaves (tests/e2e/power.py puts it
 * together). A file that is unlinked or replaced is held open, so that its inode number is not
 * given to another one. While POWER_SHADOW/full exists nothing more fits on the disk; while
 * POWER_SHADOW/deaf exists the disk confirms nothing.
 */
#define _GNU_SOURCE
#include <dirent.h>
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

static const char *shadow(void) { return getenv("POWER_SHADOW"); }

static int is_set(const char *flag)
{
    char path[PATH_MAX];
    if (!shadow())
        return 0;
    snprintf(path, sizeof path, "%s/%s", shadow(), flag);
    return access(path, F_OK) == 0;
}

static int below_root(int fd)
{
    char link[64], path[PATH_MAX];
    const char *root = getenv("POWER_ROOT");
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    if (!root || !shadow() || size < 0)
        return 0;
    path[size] = 0;
    size_t length = strlen(root);
    return strncmp(path, root, length) == 0 && (path[length] == '/' || path[length] == 0);
}

static void put(int out, const char *bytes, ssize_t size)
{
    while (size > 0) {
        ssize_t done = REAL(write)(out, bytes, (size_t)size);
        if (done <= 0)
            abort(); /* the shadow cannot be kept: better no test than a wrong one */
        bytes += done, size -= done;
    }
}

static void keep_bytes(int fd, int out)
{
    static __thread char block[1 << 16];
    ssize_t size;
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd); /* it may be open for writing only */
    int in = open(link, O_RDONLY | O_CLOEXEC);
    if (in < 0)
        abort();
    while ((size = read(in, block, sizeof block)) > 0)
        put(out, block, size);
    close(in);
}

static void keep_names(int fd, int out)
{
    char line[PATH_MAX + 64];
    struct dirent *item;
    struct stat facts;
    DIR *folder = fdopendir(openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    if (!folder)
        abort();
    while ((item = readdir(folder))) {
        if (!strcmp(item->d_name, ".") || !strcmp(item->d_name, ".."))
            continue;
        if (fstatat(fd, item->d_name, &facts, AT_SYMLINK_NOFOLLOW))
            continue;
        put(out, line, snprintf(line, sizeof line, "%lu %o %s\n", (unsigned long)facts.st_ino,
                                (unsigned)facts.st_mode, item->d_name));
    }
    closedir(folder);
}

static void keep(int fd)
{
    char name[PATH_MAX], scratch[PATH_MAX];
    struct stat facts;
    int before = errno;
    if (fstat(fd, &facts) || !(S_ISREG(facts.st_mode) || S_ISDIR(facts.st_mode)) || !below_root(fd))
        return;
    snprintf(name, sizeof name, "%s/%lu", shadow(), (unsigned long)facts.st_ino);
    snprintf(scratch, sizeof scratch, "%s/.%lu.%d", shadow(), (unsigned long)facts.st_ino, gettid());
    int out = open(scratch, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (out < 0)
        abort();
    S_ISDIR(facts.st_mode) ? keep_names(fd, out) : keep_bytes(fd, out);
    close(out);
    if (REAL(rename)(scratch, name))
        abort();
    errno = before;
}

static int synced(int fd, int result)
{
    if (below_root(fd) && is_set("deaf")) {
        errno = EIO;
        return -1;
    }
    if (result == 0)
        keep(fd);
    return result;
}

int fsync(int fd) { return synced(fd, REAL(fsync)(fd)); }
int fdatasync(int fd) { return synced(fd, REAL(fdatasync)(fd)); }

static int is_full(int fd) { return is_set("full") && below_root(fd) && (errno = ENOSPC); }

ssize_t write(int fd, const void *bytes, size_t size)
{
    return is_full(fd) ? -1 : REAL(write)(fd, bytes, size);
}

ssize_t pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return is_full(fd) ? -1 : REAL(pwrite64)(fd, bytes, size, at);
}

ssize_t pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return is_full(fd) ? -1 : REAL(pwrite)(fd, bytes, size, at);
}

static void hold(int folder, const char *name)
{
    int before = errno;
    if (shadow())
        (void)openat(folder, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    errno = before;
}

int unlink(const char *name)
{
    hold(AT_FDCWD, name);
    return REAL(unlink)(name);
}

int unlinkat(int folder, const char *name, int flags)
{
    hold(folder, name);
    return REAL(unlinkat)(folder, name, flags);
}

int rename(const char *from, const char *to)
{
    hold(AT_FDCWD, to);
    return REAL(rename)(from, to);
}

int renameat(int a, const char *from, int b, const char *to)
{
    hold(b, to);
    return REAL(renameat)(a, from, b, to);
}
