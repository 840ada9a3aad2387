// libopus, and its variadic controls as functions: Swift cannot call opus_encoder_ctl.
#pragma once
#include <opus/opus.h>

// Settings of a voice encoder: bits per second, discontinuous transmission, in-band FEC for so many percent of loss. 0 = done.
int mqvi_opus_configure(OpusEncoder *encoder, int bitrate, int dtx, int loss_percent);
int mqvi_opus_set_bitrate(OpusEncoder *encoder, int bitrate);
