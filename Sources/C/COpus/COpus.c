#include "COpus.h"

int mqvi_opus_configure(OpusEncoder *encoder, int bitrate, int dtx, int loss_percent) {
  int failures = 0;
  failures += opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate)) != OPUS_OK;
  failures += opus_encoder_ctl(encoder, OPUS_SET_DTX(dtx)) != OPUS_OK;
  failures += opus_encoder_ctl(encoder, OPUS_SET_INBAND_FEC(loss_percent > 0)) != OPUS_OK;
  failures += opus_encoder_ctl(encoder, OPUS_SET_PACKET_LOSS_PERC(loss_percent)) != OPUS_OK;
  return failures;
}

int mqvi_opus_set_bitrate(OpusEncoder *encoder, int bitrate) {
  return opus_encoder_ctl(encoder, OPUS_SET_BITRATE(bitrate)) != OPUS_OK;
}
