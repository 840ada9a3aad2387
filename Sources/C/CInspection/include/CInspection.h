// What looking at strangers' files takes of C: a child process that is locked in, and libvips and libmagic by name.
//
// Neither library is linked. They are opened with dlopen, in the child only, because the server must start without them
// and must never run their parsers in its own memory. Functions return 0 or more, or a negated errno.
#pragma once
#include <stddef.h>
#include <stdint.h>

// The parent's side ---------------------------------------------------------------------------------------------------

/// A file in memory that holds `count` bytes and can no longer be changed; positioned at its beginning.
int mqvi_memory_file(const void *bytes, size_t count);
/// A pipe whose ends no other program inherits: the first is read, the second written.
int mqvi_pipe(int *ends);
/// Starts `path` with `arguments` (ends in a null pointer) in an empty environment at `/`: `input` is its standard input,
/// `output` its standard output, and it has no other descriptor. Returns its process id.
int mqvi_spawn_confined(const char *path, const char *const *arguments, int input, int output);
/// Ends the child if it still runs, and waits for it. Returns its exit status, or 128 and the number of its signal.
int mqvi_reap(int process);

// The child's side ----------------------------------------------------------------------------------------------------

/// Takes from this process what it does not need before it reads anything: memory beyond `memory_bytes`, more than
/// `cpu_seconds` of the processor, files that can be written, core dumps; and it ends when its parent does.
int mqvi_confine(uint64_t memory_bytes, uint32_t cpu_seconds);
/// Lets through only the system calls that computing takes (seccomp). The libraries must be open by then.
int mqvi_seal(void);

/// Opens libmagic with its database. -ENOENT when it is not installed.
int mqvi_magic_open(void);
/// The media type of `bytes` as text in `type`.
int mqvi_magic_type(const void *bytes, size_t count, char *type, size_t capacity);

/// Opens libvips with loaders for JPEG, PNG, WebP and GIF, and no others. -ENOENT when it is not installed.
int mqvi_vips_open(void);

struct mqvi_picture {
  int width;
  int height;
  /// Made by the library; the process ends before it would have to be freed.
  const void *bytes;
  size_t count;
};

/// Width and height of the picture in `bytes`, from its head. -EINVAL for what no loader takes.
int mqvi_vips_measure(const void *bytes, size_t count, struct mqvi_picture *picture);
/// The picture in at most `width` × `height` pixels, upright, in sRGB, without metadata, as WebP. `crops`: exactly a
/// rectangle of that shape, from the middle.
int mqvi_vips_thumbnail(
    const void *bytes, size_t count, int width, int height, int crops, struct mqvi_picture *picture);
