// libvpx's VP8, behind macros, variadic controls and iterators that Swift cannot use.
// Every function here is a few calls long; decisions live in Sources/Drivers/MediaCodecs.
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <vpx/vp8cx.h>
#include <vpx/vp8dx.h>
#include <vpx/vpx_decoder.h>
#include <vpx/vpx_encoder.h>

// An I420 picture that somebody else owns.
typedef struct {
  const uint8_t *planes[3];
  int strides[3];
  int width;
  int height;
} mqvi_picture;

typedef struct mqvi_vp8_encoder mqvi_vp8_encoder;

// One-pass constant-bitrate encoder for live use; the clock has 90,000 ticks a second. `speed` is 1…16 (more = faster).
// `temporal_layers` is 1…3. NULL when libvpx refuses.
mqvi_vp8_encoder *mqvi_vp8_encoder_new(int width, int height, int kilobits, int threads,
                                       int speed, int is_screen, int temporal_layers);
void mqvi_vp8_encoder_free(mqvi_vp8_encoder *encoder);
int mqvi_vp8_encoder_set_bitrate(mqvi_vp8_encoder *encoder, int kilobits);
// Encodes one picture of the encoder's size. 0 = done; then `mqvi_vp8_encoded` has the frame.
int mqvi_vp8_encode(mqvi_vp8_encoder *encoder, const mqvi_picture *picture, int64_t time, int64_t duration, long flags,
                    int temporal_layer);
// The frame of the last call, valid until the next; NULL when the encoder dropped it.
const uint8_t *mqvi_vp8_encoded(mqvi_vp8_encoder *encoder, size_t *count, int *is_key_frame);

typedef struct mqvi_vp8_decoder mqvi_vp8_decoder;

mqvi_vp8_decoder *mqvi_vp8_decoder_new(int threads);
void mqvi_vp8_decoder_free(mqvi_vp8_decoder *decoder);
// Decodes one frame. 1 = a picture came out, valid until the next call; 0 = none; -1 = damaged.
int mqvi_vp8_decode(mqvi_vp8_decoder *decoder, const uint8_t *bytes, size_t count, mqvi_picture *picture);
