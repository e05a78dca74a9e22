// Formulas of much code call their functions, and then have as many rows in a tile as its code allows. The work on one
// index is judged for itself.
// RUN: keops-opt %s --keops-choose-schedule --split-input-file | FileCheck %s
// RUN: keops-opt %s "--keops-choose-schedule=force=calls=1" --split-input-file | FileCheck %s --check-prefix=FORCED

!x = !keops.value<4xf32, i>
!y = !keops.value<4xf32, j>
!s = !keops.value<4xf32, ij>

// CHECK-LABEL: func.func @small
// CHECK:         schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 4, split = 64>(
// FORCED-LABEL: func.func @small
// FORCED:        schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 4, split = 64, calls = true>(
func.func @small(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %0 = keops.add %a, %b : !x, !y
    %1 = keops.lgamma %0 : !s
    keops.yield %1 : !s
  }
  return %r : !x
}

// -----

!p = !keops.value<4xf32, p>
!x = !keops.value<4xf32, i>
!y = !keops.value<4xf32, j>
!s = !keops.value<4xf32, ij>

// CHECK-LABEL: func.func @large
// CHECK:         keops.map over p(%{{.*}}) {calls}
// CHECK:         keops.map over p(%{{.*}}) :
// CHECK:         schedule <rows = 2, lanes = 16, block = 16, blocks = 8, chunk = 4, split = 64, calls = true>(
func.func @large(%p: !p, %x: !x, %y: !y) -> !x {
  %q = keops.map over p (%p) : (!p) -> !p {
  ^bb0(%a: !p):
    %0 = keops.lgamma %a : !p
    %1 = keops.lgamma %0 : !p
    keops.yield %1 : !p
  }
  %w = keops.map over p (%p) : (!p) -> !p {
  ^bb0(%a: !p):
    %0 = keops.lgamma %a : !p
    keops.yield %0 : !p
  }
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y, %q, %w) : (!x, !y, !p, !p) -> !x {
  ^bb0(%a: !x, %b: !y, %c: !p, %d: !p):
    %0 = keops.add %a, %b : !x, !y
    %1 = keops.lgamma %0 : !s
    %2 = keops.lgamma %1 : !s
    %3 = keops.mult %2, %c : !s, !p
    %4 = keops.mult %3, %d : !s, !p
    keops.yield %4 : !s
  }
  return %r : !x
}

// -----

!x = !keops.value<4xf32, i>
!y = !keops.value<4xf32, j>
!s = !keops.value<4xf32, ij>

// 260 operations on four components leave room for one row.
// CHECK-LABEL: func.func @long
// CHECK:         schedule <rows = 1, lanes = 16, block = 16, blocks = 8, chunk = 4, split = 64, calls = true>(
func.func @long(%x: !x, %y: !y) -> !x {
  %r = keops.map_reduce over j reduce [#keops.reduce<Sum>] (%x, %y) : (!x, !y) -> !x {
  ^bb0(%a: !x, %b: !y):
    %0 = keops.add %a, %b : !x, !y
    %1 = keops.abs %0 : !s
    %2 = keops.abs %1 : !s
    %3 = keops.abs %2 : !s
    %4 = keops.abs %3 : !s
    %5 = keops.abs %4 : !s
    %6 = keops.abs %5 : !s
    %7 = keops.abs %6 : !s
    %8 = keops.abs %7 : !s
    %9 = keops.abs %8 : !s
    %10 = keops.abs %9 : !s
    %11 = keops.abs %10 : !s
    %12 = keops.abs %11 : !s
    %13 = keops.abs %12 : !s
    %14 = keops.abs %13 : !s
    %15 = keops.abs %14 : !s
    %16 = keops.abs %15 : !s
    %17 = keops.abs %16 : !s
    %18 = keops.abs %17 : !s
    %19 = keops.abs %18 : !s
    %20 = keops.abs %19 : !s
    %21 = keops.abs %20 : !s
    %22 = keops.abs %21 : !s
    %23 = keops.abs %22 : !s
    %24 = keops.abs %23 : !s
    %25 = keops.abs %24 : !s
    %26 = keops.abs %25 : !s
    %27 = keops.abs %26 : !s
    %28 = keops.abs %27 : !s
    %29 = keops.abs %28 : !s
    %30 = keops.abs %29 : !s
    %31 = keops.abs %30 : !s
    %32 = keops.abs %31 : !s
    %33 = keops.abs %32 : !s
    %34 = keops.abs %33 : !s
    %35 = keops.abs %34 : !s
    %36 = keops.abs %35 : !s
    %37 = keops.abs %36 : !s
    %38 = keops.abs %37 : !s
    %39 = keops.abs %38 : !s
    %40 = keops.abs %39 : !s
    %41 = keops.abs %40 : !s
    %42 = keops.abs %41 : !s
    %43 = keops.abs %42 : !s
    %44 = keops.abs %43 : !s
    %45 = keops.abs %44 : !s
    %46 = keops.abs %45 : !s
    %47 = keops.abs %46 : !s
    %48 = keops.abs %47 : !s
    %49 = keops.abs %48 : !s
    %50 = keops.abs %49 : !s
    %51 = keops.abs %50 : !s
    %52 = keops.abs %51 : !s
    %53 = keops.abs %52 : !s
    %54 = keops.abs %53 : !s
    %55 = keops.abs %54 : !s
    %56 = keops.abs %55 : !s
    %57 = keops.abs %56 : !s
    %58 = keops.abs %57 : !s
    %59 = keops.abs %58 : !s
    %60 = keops.abs %59 : !s
    %61 = keops.abs %60 : !s
    %62 = keops.abs %61 : !s
    %63 = keops.abs %62 : !s
    %64 = keops.abs %63 : !s
    %65 = keops.abs %64 : !s
    %66 = keops.abs %65 : !s
    %67 = keops.abs %66 : !s
    %68 = keops.abs %67 : !s
    %69 = keops.abs %68 : !s
    %70 = keops.abs %69 : !s
    %71 = keops.abs %70 : !s
    %72 = keops.abs %71 : !s
    %73 = keops.abs %72 : !s
    %74 = keops.abs %73 : !s
    %75 = keops.abs %74 : !s
    %76 = keops.abs %75 : !s
    %77 = keops.abs %76 : !s
    %78 = keops.abs %77 : !s
    %79 = keops.abs %78 : !s
    %80 = keops.abs %79 : !s
    %81 = keops.abs %80 : !s
    %82 = keops.abs %81 : !s
    %83 = keops.abs %82 : !s
    %84 = keops.abs %83 : !s
    %85 = keops.abs %84 : !s
    %86 = keops.abs %85 : !s
    %87 = keops.abs %86 : !s
    %88 = keops.abs %87 : !s
    %89 = keops.abs %88 : !s
    %90 = keops.abs %89 : !s
    %91 = keops.abs %90 : !s
    %92 = keops.abs %91 : !s
    %93 = keops.abs %92 : !s
    %94 = keops.abs %93 : !s
    %95 = keops.abs %94 : !s
    %96 = keops.abs %95 : !s
    %97 = keops.abs %96 : !s
    %98 = keops.abs %97 : !s
    %99 = keops.abs %98 : !s
    %100 = keops.abs %99 : !s
    %101 = keops.abs %100 : !s
    %102 = keops.abs %101 : !s
    %103 = keops.abs %102 : !s
    %104 = keops.abs %103 : !s
    %105 = keops.abs %104 : !s
    %106 = keops.abs %105 : !s
    %107 = keops.abs %106 : !s
    %108 = keops.abs %107 : !s
    %109 = keops.abs %108 : !s
    %110 = keops.abs %109 : !s
    %111 = keops.abs %110 : !s
    %112 = keops.abs %111 : !s
    %113 = keops.abs %112 : !s
    %114 = keops.abs %113 : !s
    %115 = keops.abs %114 : !s
    %116 = keops.abs %115 : !s
    %117 = keops.abs %116 : !s
    %118 = keops.abs %117 : !s
    %119 = keops.abs %118 : !s
    %120 = keops.abs %119 : !s
    %121 = keops.abs %120 : !s
    %122 = keops.abs %121 : !s
    %123 = keops.abs %122 : !s
    %124 = keops.abs %123 : !s
    %125 = keops.abs %124 : !s
    %126 = keops.abs %125 : !s
    %127 = keops.abs %126 : !s
    %128 = keops.abs %127 : !s
    %129 = keops.abs %128 : !s
    %130 = keops.abs %129 : !s
    %131 = keops.abs %130 : !s
    %132 = keops.abs %131 : !s
    %133 = keops.abs %132 : !s
    %134 = keops.abs %133 : !s
    %135 = keops.abs %134 : !s
    %136 = keops.abs %135 : !s
    %137 = keops.abs %136 : !s
    %138 = keops.abs %137 : !s
    %139 = keops.abs %138 : !s
    %140 = keops.abs %139 : !s
    %141 = keops.abs %140 : !s
    %142 = keops.abs %141 : !s
    %143 = keops.abs %142 : !s
    %144 = keops.abs %143 : !s
    %145 = keops.abs %144 : !s
    %146 = keops.abs %145 : !s
    %147 = keops.abs %146 : !s
    %148 = keops.abs %147 : !s
    %149 = keops.abs %148 : !s
    %150 = keops.abs %149 : !s
    %151 = keops.abs %150 : !s
    %152 = keops.abs %151 : !s
    %153 = keops.abs %152 : !s
    %154 = keops.abs %153 : !s
    %155 = keops.abs %154 : !s
    %156 = keops.abs %155 : !s
    %157 = keops.abs %156 : !s
    %158 = keops.abs %157 : !s
    %159 = keops.abs %158 : !s
    %160 = keops.abs %159 : !s
    %161 = keops.abs %160 : !s
    %162 = keops.abs %161 : !s
    %163 = keops.abs %162 : !s
    %164 = keops.abs %163 : !s
    %165 = keops.abs %164 : !s
    %166 = keops.abs %165 : !s
    %167 = keops.abs %166 : !s
    %168 = keops.abs %167 : !s
    %169 = keops.abs %168 : !s
    %170 = keops.abs %169 : !s
    %171 = keops.abs %170 : !s
    %172 = keops.abs %171 : !s
    %173 = keops.abs %172 : !s
    %174 = keops.abs %173 : !s
    %175 = keops.abs %174 : !s
    %176 = keops.abs %175 : !s
    %177 = keops.abs %176 : !s
    %178 = keops.abs %177 : !s
    %179 = keops.abs %178 : !s
    %180 = keops.abs %179 : !s
    %181 = keops.abs %180 : !s
    %182 = keops.abs %181 : !s
    %183 = keops.abs %182 : !s
    %184 = keops.abs %183 : !s
    %185 = keops.abs %184 : !s
    %186 = keops.abs %185 : !s
    %187 = keops.abs %186 : !s
    %188 = keops.abs %187 : !s
    %189 = keops.abs %188 : !s
    %190 = keops.abs %189 : !s
    %191 = keops.abs %190 : !s
    %192 = keops.abs %191 : !s
    %193 = keops.abs %192 : !s
    %194 = keops.abs %193 : !s
    %195 = keops.abs %194 : !s
    %196 = keops.abs %195 : !s
    %197 = keops.abs %196 : !s
    %198 = keops.abs %197 : !s
    %199 = keops.abs %198 : !s
    %200 = keops.abs %199 : !s
    %201 = keops.abs %200 : !s
    %202 = keops.abs %201 : !s
    %203 = keops.abs %202 : !s
    %204 = keops.abs %203 : !s
    %205 = keops.abs %204 : !s
    %206 = keops.abs %205 : !s
    %207 = keops.abs %206 : !s
    %208 = keops.abs %207 : !s
    %209 = keops.abs %208 : !s
    %210 = keops.abs %209 : !s
    %211 = keops.abs %210 : !s
    %212 = keops.abs %211 : !s
    %213 = keops.abs %212 : !s
    %214 = keops.abs %213 : !s
    %215 = keops.abs %214 : !s
    %216 = keops.abs %215 : !s
    %217 = keops.abs %216 : !s
    %218 = keops.abs %217 : !s
    %219 = keops.abs %218 : !s
    %220 = keops.abs %219 : !s
    %221 = keops.abs %220 : !s
    %222 = keops.abs %221 : !s
    %223 = keops.abs %222 : !s
    %224 = keops.abs %223 : !s
    %225 = keops.abs %224 : !s
    %226 = keops.abs %225 : !s
    %227 = keops.abs %226 : !s
    %228 = keops.abs %227 : !s
    %229 = keops.abs %228 : !s
    %230 = keops.abs %229 : !s
    %231 = keops.abs %230 : !s
    %232 = keops.abs %231 : !s
    %233 = keops.abs %232 : !s
    %234 = keops.abs %233 : !s
    %235 = keops.abs %234 : !s
    %236 = keops.abs %235 : !s
    %237 = keops.abs %236 : !s
    %238 = keops.abs %237 : !s
    %239 = keops.abs %238 : !s
    %240 = keops.abs %239 : !s
    %241 = keops.abs %240 : !s
    %242 = keops.abs %241 : !s
    %243 = keops.abs %242 : !s
    %244 = keops.abs %243 : !s
    %245 = keops.abs %244 : !s
    %246 = keops.abs %245 : !s
    %247 = keops.abs %246 : !s
    %248 = keops.abs %247 : !s
    %249 = keops.abs %248 : !s
    %250 = keops.abs %249 : !s
    %251 = keops.abs %250 : !s
    %252 = keops.abs %251 : !s
    %253 = keops.abs %252 : !s
    %254 = keops.abs %253 : !s
    %255 = keops.abs %254 : !s
    %256 = keops.abs %255 : !s
    %257 = keops.abs %256 : !s
    %258 = keops.abs %257 : !s
    %259 = keops.abs %258 : !s
    %260 = keops.abs %259 : !s
    keops.yield %260 : !s
  }
  return %r : !x
}
