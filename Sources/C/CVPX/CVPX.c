#include "CVPX.h"

#include <stdlib.h>

struct mqvi_vp8_encoder {
  vpx_codec_ctx_t context;
  vpx_codec_enc_cfg_t configuration;
};

// Shares of the bit rate that the layers up to each one get, in percent, as Chromium has them.
static void divide_bitrate(vpx_codec_enc_cfg_t *configuration, int kilobits) {
  static const int shares[3][3] = {{100, 0, 0}, {60, 100, 0}, {40, 60, 100}};
  int layers = (int)configuration->ts_number_layers;
  configuration->rc_target_bitrate = (unsigned)kilobits;
  for (int layer = 0; layer < layers; layer++)
    configuration->ts_target_bitrate[layer] = (unsigned)(kilobits * shares[layers - 1][layer] / 100);
}

static void set_layers(vpx_codec_enc_cfg_t *configuration, int layers) {
  static const unsigned patterns[3][4] = {{0}, {0, 1}, {0, 2, 1, 2}};
  configuration->ts_number_layers = (unsigned)layers;
  configuration->ts_periodicity = 1u << (layers - 1);
  for (unsigned frame = 0; frame < configuration->ts_periodicity; frame++)
    configuration->ts_layer_id[frame] = patterns[layers - 1][frame];
  for (int layer = 0; layer < layers; layer++)
    configuration->ts_rate_decimator[layer] = 1u << (layers - 1 - layer);
}

static int apply_controls(vpx_codec_ctx_t *context, int speed, int is_screen) {
  int failures = 0;
  failures += vpx_codec_control(context, VP8E_SET_CPUUSED, -speed) != VPX_CODEC_OK;
  failures += vpx_codec_control(context, VP8E_SET_STATIC_THRESHOLD, is_screen ? 100u : 1u) != VPX_CODEC_OK;
  failures += vpx_codec_control(context, VP8E_SET_NOISE_SENSITIVITY, 0u) != VPX_CODEC_OK;
  failures += vpx_codec_control(context, VP8E_SET_TOKEN_PARTITIONS, VP8_ONE_TOKENPARTITION) != VPX_CODEC_OK;
  failures += vpx_codec_control(context, VP8E_SET_MAX_INTRA_BITRATE_PCT, 900u) != VPX_CODEC_OK;
  failures += vpx_codec_control(context, VP8E_SET_SCREEN_CONTENT_MODE, is_screen ? 1u : 0u) != VPX_CODEC_OK;
  return failures;
}

mqvi_vp8_encoder *mqvi_vp8_encoder_new(int width, int height, int kilobits, int threads,
                                       int speed, int is_screen, int temporal_layers) {
  mqvi_vp8_encoder *encoder = calloc(1, sizeof *encoder);
  if (encoder == NULL) return NULL;
  vpx_codec_enc_cfg_t *configuration = &encoder->configuration;
  if (vpx_codec_enc_config_default(vpx_codec_vp8_cx(), configuration, 0) != VPX_CODEC_OK) goto refused;
  configuration->g_w = (unsigned)width;
  configuration->g_h = (unsigned)height;
  configuration->g_timebase.num = 1;
  configuration->g_timebase.den = 90000;
  configuration->g_threads = (unsigned)threads;
  configuration->g_lag_in_frames = 0;
  // Frames depend on the layers below only, and a lost frame costs no more than itself.
  configuration->g_error_resilient = temporal_layers > 1 ? VPX_ERROR_RESILIENT_DEFAULT : 0;
  configuration->rc_end_usage = VPX_CBR;
  configuration->rc_min_quantizer = 4;
  configuration->rc_max_quantizer = 56;
  configuration->rc_undershoot_pct = 100;
  configuration->rc_overshoot_pct = 15;
  configuration->rc_buf_initial_sz = 500;
  configuration->rc_buf_optimal_sz = 600;
  configuration->rc_buf_sz = 1000;
  configuration->rc_dropframe_thresh = 0;
  configuration->kf_mode = VPX_KF_DISABLED;
  set_layers(configuration, temporal_layers);
  divide_bitrate(configuration, kilobits);
  if (vpx_codec_enc_init(&encoder->context, vpx_codec_vp8_cx(), configuration, 0) != VPX_CODEC_OK) goto refused;
  if (apply_controls(&encoder->context, speed, is_screen) != 0) {
    vpx_codec_destroy(&encoder->context);
    goto refused;
  }
  return encoder;
refused:
  free(encoder);
  return NULL;
}

void mqvi_vp8_encoder_free(mqvi_vp8_encoder *encoder) {
  vpx_codec_destroy(&encoder->context);
  free(encoder);
}

int mqvi_vp8_encoder_set_bitrate(mqvi_vp8_encoder *encoder, int kilobits) {
  divide_bitrate(&encoder->configuration, kilobits);
  return vpx_codec_enc_config_set(&encoder->context, &encoder->configuration) != VPX_CODEC_OK;
}

int mqvi_vp8_encode(mqvi_vp8_encoder *encoder, const mqvi_picture *picture, int64_t time, int64_t duration, long flags,
                    int temporal_layer) {
  vpx_image_t image;
  // The planes may lie apart: the wrapper is given any address and corrected.
  if (vpx_img_wrap(&image, VPX_IMG_FMT_I420, (unsigned)picture->width, (unsigned)picture->height, 1,
                   (unsigned char *)picture->planes[0]) == NULL)
    return -1;
  for (int plane = 0; plane < 3; plane++) {
    image.planes[plane] = (unsigned char *)picture->planes[plane];
    image.stride[plane] = picture->strides[plane];
  }
  if (encoder->configuration.ts_number_layers > 1)
    vpx_codec_control(&encoder->context, VP8E_SET_TEMPORAL_LAYER_ID, temporal_layer);
  return vpx_codec_encode(&encoder->context, &image, time, (unsigned long)duration, flags, VPX_DL_REALTIME)
                 == VPX_CODEC_OK
             ? 0
             : -1;
}

const uint8_t *mqvi_vp8_encoded(mqvi_vp8_encoder *encoder, size_t *count, int *is_key_frame) {
  vpx_codec_iter_t iterator = NULL;
  const vpx_codec_cx_pkt_t *packet;
  while ((packet = vpx_codec_get_cx_data(&encoder->context, &iterator)) != NULL) {
    if (packet->kind != VPX_CODEC_CX_FRAME_PKT) continue;
    *count = packet->data.frame.sz;
    *is_key_frame = (packet->data.frame.flags & VPX_FRAME_IS_KEY) != 0;
    return packet->data.frame.buf;
  }
  return NULL;
}

struct mqvi_vp8_decoder {
  vpx_codec_ctx_t context;
};

mqvi_vp8_decoder *mqvi_vp8_decoder_new(int threads) {
  mqvi_vp8_decoder *decoder = calloc(1, sizeof *decoder);
  if (decoder == NULL) return NULL;
  vpx_codec_dec_cfg_t configuration = {.threads = (unsigned)threads};
  if (vpx_codec_dec_init(&decoder->context, vpx_codec_vp8_dx(), &configuration, 0) == VPX_CODEC_OK) return decoder;
  free(decoder);
  return NULL;
}

void mqvi_vp8_decoder_free(mqvi_vp8_decoder *decoder) {
  vpx_codec_destroy(&decoder->context);
  free(decoder);
}

int mqvi_vp8_decode(mqvi_vp8_decoder *decoder, const uint8_t *bytes, size_t count, mqvi_picture *picture) {
  if (vpx_codec_decode(&decoder->context, bytes, (unsigned)count, NULL, 0) != VPX_CODEC_OK) return -1;
  vpx_codec_iter_t iterator = NULL;
  vpx_image_t *image = vpx_codec_get_frame(&decoder->context, &iterator);
  if (image == NULL) return 0;
  for (int plane = 0; plane < 3; plane++) {
    picture->planes[plane] = image->planes[plane];
    picture->strides[plane] = image->stride[plane];
  }
  picture->width = (int)image->d_w;
  picture->height = (int)image->d_h;
  return 1;
}
