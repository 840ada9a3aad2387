// libmagic and libvips, found by name at run time. Their functions are declared here as their documentation has them.
#define _GNU_SOURCE
#include "CInspection.h"

#include <dlfcn.h>
#include <errno.h>
#include <string.h>

// libmagic 5 (magic.h) -----------------------------------------------------------------------------------------------

enum { MAGIC_MIME_TYPE_FLAG = 0x10 };

static void *cookie;
static const char *(*magic_buffer_call)(void *, const void *, size_t);

int mqvi_magic_open(void) {
  void *library = dlopen("libmagic.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!library) return -ENOENT;
  void *(*open)(int) = (void *(*)(int))dlsym(library, "magic_open");
  int (*load)(void *, const char *) = (int (*)(void *, const char *))dlsym(library, "magic_load");
  magic_buffer_call = (const char *(*)(void *, const void *, size_t))dlsym(library, "magic_buffer");
  if (!open || !load || !magic_buffer_call) return -ENOENT;
  void *opened = open(MAGIC_MIME_TYPE_FLAG);
  if (!opened || load(opened, NULL)) return -ENOENT;
  cookie = opened;
  return 0;
}

int mqvi_magic_type(const void *bytes, size_t count, char *type, size_t capacity) {
  if (!cookie) return -ENOENT;
  const char *found = magic_buffer_call(cookie, bytes, count);
  if (!found || strlen(found) >= capacity) return -EINVAL;
  strcpy(type, found);
  return 0;
}

// libvips 8.13 and later ---------------------------------------------------------------------------------------------

typedef struct _VipsImage VipsImage;
enum { SIZE_BOTH = 0, SIZE_DOWN = 2, INTERESTING_CENTRE = 1 };

static VipsImage *(*new_from_buffer)(const void *, size_t, const char *, ...);
static int (*thumbnail_buffer)(void *, size_t, VipsImage **, int, ...);
static int (*webpsave_buffer)(VipsImage *, void **, size_t *, ...);
static int (*remove_field)(VipsImage *, const char *);
static int (*get_width)(const VipsImage *);
static int (*get_height)(const VipsImage *);

#define FIND(pointer, name) (*(void **)&(pointer) = dlsym(library, name))

int mqvi_vips_open(void) {
  void *library = dlopen("libvips.so.42", RTLD_NOW | RTLD_LOCAL);
  if (!library) return -ENOENT;
  int (*init)(const char *);
  void (*block_untrusted)(int);
  void (*block)(const char *, int);
  void (*set_concurrency)(int);
  void (*set_cache)(int);
  if (!FIND(init, "vips_init") || !FIND(block_untrusted, "vips_block_untrusted_set") ||
      !FIND(block, "vips_operation_block_set") || !FIND(set_concurrency, "vips_concurrency_set") ||
      !FIND(set_cache, "vips_cache_set_max") || !FIND(new_from_buffer, "vips_image_new_from_buffer") ||
      !FIND(thumbnail_buffer, "vips_thumbnail_buffer") || !FIND(webpsave_buffer, "vips_webpsave_buffer") ||
      !FIND(remove_field, "vips_image_remove") ||
      !FIND(get_width, "vips_image_get_width") || !FIND(get_height, "vips_image_get_height"))
    return -ENOENT;
  if (init("mqvi")) return -ENOENT;
  block_untrusted(1);
  block("VipsForeignLoad", 1);
  block("VipsForeignLoadJpeg", 0);
  block("VipsForeignLoadPng", 0);
  block("VipsForeignLoadWebp", 0);
  block("VipsForeignLoadNsgif", 0);
  set_concurrency(1);
  set_cache(0);
  return 0;
}

int mqvi_vips_measure(const void *bytes, size_t count, struct mqvi_picture *picture) {
  if (!new_from_buffer) return -ENOENT;
  VipsImage *image = new_from_buffer(bytes, count, "", NULL);
  if (!image) return -EINVAL;
  picture->width = get_width(image);
  picture->height = get_height(image);
  return 0;
}

int mqvi_vips_thumbnail(
    const void *bytes, size_t count, int width, int height, int crops, struct mqvi_picture *picture) {
  if (!thumbnail_buffer) return -ENOENT;
  VipsImage *image = NULL;
  int failed =
      crops ? thumbnail_buffer(
                  (void *)bytes, count, &image, width, "height", height, "size", SIZE_BOTH, "crop", INTERESTING_CENTRE,
                  "export_profile", "srgb", NULL)
            : thumbnail_buffer(
                  (void *)bytes, count, &image, width, "height", height, "size", SIZE_DOWN, "export_profile", "srgb",
                  NULL);
  if (failed || !image) return -EINVAL;
  picture->width = get_width(image);
  picture->height = get_height(image);
  // Lossy, and nothing in it but the picture: sRGB is what goes without saying.
  remove_field(image, "icc-profile-data");
  void *made = NULL;
  if (webpsave_buffer(image, &made, &picture->count, "Q", 80, "strip", 1, NULL) || !made) return -EINVAL;
  picture->bytes = made;
  return 0;
}
